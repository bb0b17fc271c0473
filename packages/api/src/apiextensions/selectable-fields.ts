/** The checks of the fields by which objects of a custom kind can be selected. */
import { duplicate, type FieldError, invalidValue, required, tooMany } from "@kubets/machinery";
import type { JSONSchemaProps, SelectableField } from "../generated/types/apiextensions-v1.ts";

const MAX_FIELDS = 8;
const SCALARS = ["string", "boolean", "integer"];
const NO_FIELD = "is an invalid path: does not refer to a valid field";

export function selectableErrors(
  fields: readonly SelectableField[],
  schema: JSONSchemaProps | undefined,
  field: string,
): FieldError[] {
  const errors = fields.length > MAX_FIELDS ? [tooMany(field, fields.length, MAX_FIELDS)] : [];
  const paths = fields.map(({ jsonPath }) => jsonPath);
  for (const [i, path] of paths.entries()) {
    const at = `${field}[${i}].jsonPath`;
    if (!path) errors.push(required(at));
    else errors.push(...pathErrors(path, schema, at));
    if (path && paths.indexOf(path) < i) errors.push(duplicate(at, path));
  }
  return errors;
}

function pathErrors(path: string, schema: JSONSchemaProps | undefined, field: string): FieldError[] {
  const wrong = (detail: string) => [invalidValue(field, path, detail)];
  if (path.includes("[")) return wrong("is an invalid path: array notation is not allowed");
  const names = path.split(".");
  if (names[0] !== "" || names[1] === "metadata") return wrong(NO_FIELD);
  let at = schema;
  for (const name of names.slice(1)) {
    const properties = at?.properties;
    at = properties && Object.hasOwn(properties, name) ? properties[name] : undefined;
  }
  if (!at) return wrong(NO_FIELD);
  return SCALARS.includes(at.type ?? "")
    ? []
    : wrong(
        "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.",
      );
}
