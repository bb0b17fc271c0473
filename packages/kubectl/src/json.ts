/** Objects as they come off the wire: JSON whose shape is the server's affair. Reading into them never throws. */
import { getOwn, isObject, type JsonObject, type JsonValue } from "@kubets/machinery/json-value";

export type { JsonObject, JsonValue } from "@kubets/machinery/json-value";

/** The value at a path of members, or undefined. */
export function at(value: unknown, ...path: readonly string[]): JsonValue | undefined {
  let found = value as JsonValue | undefined;
  for (const member of path) found = isObject(found) ? getOwn(found, member) : undefined;
  return found;
}

export const objectAt = (value: unknown, ...path: readonly string[]): JsonObject => {
  const found = at(value, ...path);
  return isObject(found) ? found : {};
};

export const listAt = (value: unknown, ...path: readonly string[]): JsonObject[] => {
  const found = at(value, ...path);
  return Array.isArray(found) ? (found as JsonObject[]) : [];
};

/** Text, or a number or truth value as text; empty if there is none. */
export const textAt = (value: unknown, ...path: readonly string[]): string => {
  const found = at(value, ...path);
  return found == null || typeof found === "object" ? "" : String(found);
};

export const numberAt = (value: unknown, ...path: readonly string[]): number => {
  const found = at(value, ...path);
  return typeof found === "number" || typeof found === "bigint" ? Number(found) : 0;
};

export const textsAt = (value: unknown, ...path: readonly string[]): string[] =>
  (listAt(value, ...path) as unknown[]).map(String);

/** A map of texts: labels, annotations, data. */
export const mapAt = (value: unknown, ...path: readonly string[]): Record<string, string> =>
  objectAt(value, ...path) as Record<string, string>;

export const nameOf = (object: unknown): string => textAt(object, "metadata", "name");
export const namespaceOf = (object: unknown): string => textAt(object, "metadata", "namespace");
export const labelsOf = (object: unknown): Record<string, string> => mapAt(object, "metadata", "labels");

/** A copy without `metadata.managedFields`, which nobody reads. */
export function withoutManagedFields(object: JsonObject): JsonObject {
  const metadata = at(object, "metadata");
  if (!isObject(metadata) || !("managedFields" in metadata)) return object;
  const { managedFields: _, ...rest } = metadata;
  return { ...object, metadata: rest };
}
