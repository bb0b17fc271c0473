/**
 * Objects with their members in the order in which their kind declares them: how the original prints what it made itself, as
 * JSON and KYAML. Kinds that are not known stay as they are.
 */
import { parseGroupVersion } from "@kubets/api/resource-ref";
import type { Struct, TypeRef } from "@kubets/api/schema";
import { isObject } from "@kubets/machinery/json-value";
import { structFor } from "../apply/struct.ts";
import { type JsonObject, type JsonValue, textAt } from "../json.ts";

export function inTypedOrder(object: JsonObject): JsonObject {
  const { group, version } = parseGroupVersion(textAt(object, "apiVersion"));
  const struct = structFor({ group, version, kind: textAt(object, "kind") });
  if (!struct) return sortedMap(object);
  return ordered({ kind: object.kind ?? "", apiVersion: object.apiVersion ?? "" }, object, struct);
}

/** `result` holds what stands first. */
function ordered(result: JsonObject, object: JsonObject, struct: Struct): JsonObject {
  const put = (key: string, value: JsonValue | undefined) => {
    if (value !== undefined) result[key] = value;
  };
  for (const { name, type } of struct.fields)
    put(name, object[name] === undefined ? undefined : valueOf(object[name], type));
  for (const [key, value] of Object.entries(object)) if (!(key in result)) put(key, value);
  return result;
}

function valueOf(value: JsonValue, type: TypeRef): JsonValue {
  if (type.kind === "list" && Array.isArray(value)) return value.map((item) => valueOf(item, type.item));
  if (type.kind === "struct" && isObject(value)) return ordered({}, value, type.struct);
  return isObject(value) ? sortedMap(value) : value;
}

const sortedMap = (map: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.keys(map)
      .sort()
      .map((key) => [key, map[key] as JsonValue]),
  );
