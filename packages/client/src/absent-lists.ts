/**
 * Answers that came as JSON, with the lists that the server writes as null read as empty ones: the types of the API say that required lists are there, and
 * in the server's own process they are.
 */
import { typeName } from "@kubets/api/define";
import { absentList } from "@kubets/api/meta";
import { parseGroupVersion } from "@kubets/api/resource-ref";
import { hasStruct, type Struct, structOf, type TypeRef } from "@kubets/api/schema";
import { parseJson } from "@kubets/machinery/json";

type Anything = Record<string, unknown>;

/** Parses an object, a list, or a watch event. */
export function parseAnswer(source: string | Uint8Array): unknown {
  const text =
    typeof source === "string" ? source : Buffer.from(source.buffer, source.byteOffset, source.byteLength).toString();
  const value = parseJson(text);
  if (text.includes(":null")) restore(value as unknown);
  return value;
}

function restore(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  const { kind, apiVersion, items, object } = value as {
    kind?: unknown;
    apiVersion?: unknown;
    items?: unknown;
    object?: unknown;
  };
  if (object !== undefined) return restore(object);
  if (typeof kind !== "string" || typeof apiVersion !== "string") return;
  const { group, version } = parseGroupVersion(apiVersion);
  const isList = kind.endsWith("List") && Array.isArray(items);
  const name = typeName(group, version, isList ? kind.slice(0, -"List".length) : kind);
  if (!hasStruct(name)) return;
  const struct = structOf(name);
  for (const each of isList ? items : [value]) restoreStruct(struct, each as Anything);
}

function restoreStruct(struct: Struct, object: Anything): void {
  for (const key of Object.keys(object)) {
    const type = struct.byName.get(key)?.type;
    if (!type) continue;
    if (object[key] === null && type.kind === "list") object[key] = absentList;
    else restoreValue(type, object[key]);
  }
}

function restoreValue(type: TypeRef, value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  if (type.kind === "struct") restoreStruct(type.struct, value as Anything);
  else if (type.kind === "list" && isDeep(type.item))
    for (const item of value as unknown[]) restoreValue(type.item, item);
  else if (type.kind === "map" && isDeep(type.value))
    for (const item of Object.values(value)) restoreValue(type.value, item);
}

const isDeep = ({ kind }: TypeRef) => kind === "struct" || kind === "list" || kind === "map";
