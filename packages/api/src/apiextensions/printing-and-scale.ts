/** The checks of a custom kind's columns and of its scale: paths into its objects. */
import { type FieldError, invalidValue, required } from "@kubets/machinery";
import type {
  CustomResourceColumnDefinition,
  CustomResourceSubresourceScale,
} from "../generated/types/apiextensions-v1.ts";

const TYPES = ["boolean", "date", "integer", "number", "string"];
const FORMATS = ["byte", "date", "date-time", "double", "float", "int32", "int64", "password"];

/** A path of names, each after a dot; indexes in brackets may follow a name. */
function simplePathErrors(path: string, field: string): FieldError[] {
  if (path === "") return [invalidValue(field, path, "must not be empty")];
  const simple = path.startsWith(".") && /^(\.[^.[\]]*(\[[^\]]*\])*)*$/.test(path);
  return simple ? [] : [invalidValue(field, path, "must be a simple json path starting with .")];
}

export function columnErrors(column: CustomResourceColumnDefinition, field: string): FieldError[] {
  const { name, type, format, jsonPath } = column;
  const oneOf = (list: readonly string[]) => `must be one of ${list.join(",")}`;
  const errors: FieldError[] = name ? [] : [required(`${field}.name`)];
  if (!type) errors.push(required(`${field}.type`, oneOf(TYPES)));
  else if (!TYPES.includes(type)) errors.push(invalidValue(`${field}.type`, type, oneOf(TYPES)));
  if (format && !FORMATS.includes(format)) errors.push(invalidValue(`${field}.format`, format, oneOf(FORMATS)));
  if (!jsonPath) return [...errors, required(`${field}.JSONPath`)];
  return [...errors, ...simplePathErrors(jsonPath, `${field}.JSONPath`)];
}

export function scaleErrors(scale: CustomResourceSubresourceScale, field: string): FieldError[] {
  const { specReplicasPath, statusReplicasPath, labelSelectorPath } = scale;
  return [
    ...pathErrors(specReplicasPath, [".spec."], "under .spec", `${field}.specReplicasPath`),
    ...pathErrors(statusReplicasPath, [".status."], "under .status", `${field}.statusReplicasPath`),
    ...(labelSelectorPath
      ? pathErrors(
          labelSelectorPath,
          [".spec.", ".status."],
          "under either .spec or .status",
          `${field}.labelSelectorPath`,
        )
      : []),
  ];
}

function pathErrors(path: string, under: readonly string[], place: string, field: string): FieldError[] {
  if (!path) return [required(field)];
  const errors = simplePathErrors(path, field);
  if (errors.length || under.some((prefix) => path.startsWith(prefix))) return errors;
  return [invalidValue(field, path, `should be a json path ${place}`)];
}
