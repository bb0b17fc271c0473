/** DeviceClasses: devices that belong together, by expressions over what their drivers tell of them. */
import { type FieldError, invalidValue } from "@kubets/machinery";
import { define } from "../define.ts";
import { sameValue } from "../field-checks.ts";
import { deviceclasses } from "../generated/refs.ts";
import type { DeviceClass } from "../generated/types/resource-v1.ts";
import { isExtendedResource } from "../pod/resource-names.ts";
import { age, column, nameColumn } from "../table.ts";
import { newWords, opaqueErrors, selectorsErrors } from "./device-checks.ts";
import type { Words } from "./device-expression.ts";

export const deviceClassResource = define(deviceclasses, {
  countsGeneration: true,
  validate: (of, context) => errorsOf(of, newWords(context)),
  validateUpdate: (of, { spec: old }, context) =>
    errorsOf(of, sameValue(of.spec.selectors, old.selectors) ? "all" : newWords(context)),
  table: {
    columns: [nameColumn, column("Age")],
    cells: ({ metadata }, now) => [metadata.name, age(metadata.creationTimestamp, now)],
  },
});

function errorsOf({ spec }: DeviceClass, words: Words): FieldError[] {
  const { selectors, config = [], extendedResourceName: name } = spec;
  return [
    ...selectorsErrors(selectors, words, "spec.selectors"),
    ...config.flatMap(({ opaque }, i) => opaqueErrors(opaque, `spec.config[${i}].opaque`)),
    ...(name != null && !isExtendedResource(name)
      ? [invalidValue("spec.extendedResourceName", name, "must be a valid extended resource name")]
      : []),
  ];
}
