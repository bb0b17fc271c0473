/** The checks of how lists and maps of a custom kind are merged: as one, as sets, or by keys. */
import { type FieldError, forbiddenField, invalidValue, notSupported, required } from "@kubets/machinery";
import type { JSONSchemaProps } from "../generated/types/apiextensions-v1.ts";

const LIST_TYPES = ["atomic", "set", "map"];
const MAP_TYPES = ["atomic", "granular"];

export function listTypeErrors(schema: JSONSchemaProps, field: string): FieldError[] {
  const listType = schema["x-kubernetes-list-type"];
  const keys = schema["x-kubernetes-list-map-keys"] ?? [];
  const typeField = `${field}.x-kubernetes-list-type`;
  const keysField = `${field}.x-kubernetes-list-map-keys`;
  const errors: FieldError[] = [];
  if (listType != null) {
    if (schema.type !== "array")
      errors.push(
        schema.type
          ? invalidValue(`${field}.type`, schema.type, "must be array if x-kubernetes-list-type is specified")
          : required(`${field}.type`, "must be array if x-kubernetes-list-type is specified"),
      );
    if (!LIST_TYPES.includes(listType)) errors.push(notSupported(typeField, listType, LIST_TYPES));
  }
  if (keys.length && listType !== "map")
    errors.push(required(typeField, "must be map if x-kubernetes-list-map-keys is non-empty"));
  if (listType === "map") {
    if (!keys.length) errors.push(required(keysField, "must not be empty if x-kubernetes-list-type is map"));
    errors.push(...mapErrors(schema, keys, field, keysField));
  }
  const items = schema.items as JSONSchemaProps | undefined;
  if (listType === "set" && items) errors.push(...setErrors(items, `${field}.items`));
  return errors;
}

function mapErrors(schema: JSONSchemaProps, keys: readonly string[], field: string, keysField: string): FieldError[] {
  const items = schema.items as JSONSchemaProps | undefined;
  if (!items) return [];
  const errors: FieldError[] = [];
  if (items.type !== "object")
    errors.push(
      invalidValue(
        `${field}.items.type`,
        items.type ?? "",
        "must be object if parent array's x-kubernetes-list-type is map",
      ),
    );
  if (new Set(keys).size < keys.length)
    errors.push(invalidValue(keysField, keys, "must not contain duplicate entries"));
  for (const key of new Set(keys)) {
    const property = items.properties?.[key];
    if (property) errors.push(...keyErrors(property, items, key, `${field}.items.properties[${key}]`));
    else if (items.type === "object")
      errors.push(invalidValue(keysField, keys, "entries must all be names of item properties"));
  }
  return errors;
}

/** Each item has its keys, and they are simple values. */
function keyErrors(property: JSONSchemaProps, items: JSONSchemaProps, key: string, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (property.type === "array" || property.type === "object") {
    const detail = "must be a scalar type if parent array's x-kubernetes-list-type is map";
    errors.push(invalidValue(`${field}.type`, property.type, detail));
  }
  if (property.default === undefined && !items.required?.includes(key))
    errors.push(
      required(
        `${field}.default`,
        "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property",
      ),
    );
  if (property.nullable)
    errors.push(
      forbiddenField(`${field}.nullable`, "this property is in x-kubernetes-list-map-keys, so it cannot be nullable"),
    );
  return errors;
}

function setErrors(items: JSONSchemaProps, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (items.nullable)
    errors.push(forbiddenField(`${field}.nullable`, "cannot be nullable when x-kubernetes-list-type is set"));
  if (items.type === "object" && items["x-kubernetes-map-type"] !== "atomic")
    errors.push(
      invalidValue(
        `${field}.x-kubernetes-map-type`,
        items["x-kubernetes-map-type"] ?? null,
        "must be atomic as item of a list with x-kubernetes-list-type=set",
      ),
    );
  if (items.type === "array" && items["x-kubernetes-list-type"] !== "atomic")
    errors.push(
      invalidValue(
        `${field}.x-kubernetes-list-type`,
        items["x-kubernetes-list-type"] ?? null,
        "must be atomic as item of a list with x-kubernetes-list-type=set",
      ),
    );
  return errors;
}

export function mapTypeErrors(schema: JSONSchemaProps, field: string): FieldError[] {
  const mapType = schema["x-kubernetes-map-type"];
  if (mapType == null) return [];
  const errors: FieldError[] = [];
  if (schema.type !== "object")
    errors.push(
      schema.type
        ? invalidValue(`${field}.type`, schema.type, "must be object if x-kubernetes-map-type is specified")
        : required(`${field}.type`, "must be object if x-kubernetes-map-type is specified"),
    );
  if (!MAP_TYPES.includes(mapType)) errors.push(notSupported(`${field}.x-kubernetes-map-type`, mapType, MAP_TYPES));
  return errors;
}
