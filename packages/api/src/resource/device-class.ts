/** DeviceClasses: devices that belong together, by expressions over what their drivers tell of them. */
import { type FieldError, invalidValue } from "@kubets/machinery";
import { define } from "../define.ts";
import { deviceclasses } from "../generated/refs.ts";
import type { DeviceClass } from "../generated/types/resource-v1.ts";
import { isExtendedResource } from "../pod/resource-names.ts";
import { age, column, nameColumn } from "../table.ts";
import { opaqueErrors, selectorsErrors } from "./device-checks.ts";

export const deviceClassResource = define(deviceclasses, {
  countsGeneration: true,
  validate,
  validateUpdate: validate,
  table: {
    columns: [nameColumn, column("Age")],
    cells: ({ metadata }, now) => [metadata.name, age(metadata.creationTimestamp, now)],
  },
});

function validate({ spec }: DeviceClass): FieldError[] {
  const { selectors, config = [], extendedResourceName: name } = spec;
  return [
    ...selectorsErrors(selectors, "spec.selectors"),
    ...config.flatMap(({ opaque }, i) => opaqueErrors(opaque, `spec.config[${i}].opaque`)),
    ...(name != null && !isExtendedResource(name)
      ? [invalidValue("spec.extendedResourceName", name, "must be a valid extended resource name")]
      : []),
  ];
}
