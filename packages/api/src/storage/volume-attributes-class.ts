/** VolumeAttributesClasses: what can be changed of volumes that are in use. A class itself never changes. */
import { type FieldError, forbiddenField } from "@kubets/machinery";
import { define } from "../define.ts";
import { sameValue } from "../field-checks.ts";
import { volumeattributesclasses } from "../generated/refs.ts";
import type { VolumeAttributesClass } from "../generated/types/storage-v1.ts";
import { age, column, nameColumn } from "../table.ts";
import { driverNameErrors } from "./driver-name.ts";
import { parameterErrors } from "./parameters.ts";

export const volumeAttributesClassResource = define(volumeattributesclasses, {
  shortNames: ["vac"],
  validate: ({ driverName, parameters }) => [
    ...driverNameErrors("driverName", driverName),
    ...parameterErrors(parameters, { mayBeEmpty: false }),
  ],
  validateUpdate,
  table: {
    columns: [nameColumn, column("DriverName"), column("Age")],
    cells: ({ metadata, driverName }, now) => [metadata.name, driverName, age(metadata.creationTimestamp, now)],
  },
});

function validateUpdate(object: VolumeAttributesClass, old: VolumeAttributesClass): FieldError[] {
  return (["driverName", "parameters"] as const)
    .filter((part) => !sameValue(object[part], old[part]))
    .map((part) => forbiddenField(part, `updates to ${part} are forbidden.`));
}
