/**
 * Takes over, for server-side apply, what client-side apply owned: without this, fields that leave the file would stay.
 * Holds: pure; no ownership is lost, entries of others stay as they are.
 */
import { isObject } from "@kubets/machinery/json-value";
import { type JsonObject, listAt, objectAt, textAt } from "../json.ts";

const CLIENT_SIDE = "kubectl-client-side-apply";
const ANNOTATION = "f:kubectl.kubernetes.io/last-applied-configuration";

/** The patch, or nothing where client-side apply owns nothing. */
export function migrationPatch(object: JsonObject, manager: string): JsonObject[] | undefined {
  const entries = listAt(object, "metadata", "managedFields");
  const old = entries.filter(isClientSide);
  const [first] = old;
  if (!first) return undefined;
  const isOwn = (entry: JsonObject) => entry.manager === manager && entry.operation === "Apply" && !entry.subresource;
  const own = entries.find(isOwn);
  const fields = [...(own ? [own] : []), ...old].map((entry) => objectAt(entry, "fieldsV1")).reduce(union, {});
  const merged: JsonObject = { ...(own ?? first), manager, operation: "Apply", fieldsV1: withoutAnnotation(fields) };
  const rest = entries.filter((entry) => entry !== own && !old.includes(entry));
  return [
    { op: "replace", path: "/metadata/managedFields", value: [merged, ...rest] },
    { op: "replace", path: "/metadata/resourceVersion", value: textAt(object, "metadata", "resourceVersion") },
  ];
}

const isClientSide = (entry: JsonObject): boolean =>
  entry.operation === "Update" &&
  !entry.subresource &&
  (entry.manager === CLIENT_SIDE || ANNOTATION in objectAt(entry, "fieldsV1", "f:metadata", "f:annotations"));

function union(a: JsonObject, b: JsonObject): JsonObject {
  const result: JsonObject = { ...a };
  for (const [key, value] of Object.entries(b)) {
    const present = result[key];
    result[key] = isObject(present) && isObject(value) ? union(present, value) : value;
  }
  return result;
}

/** Owning the map of annotations with nothing in it would be owning all of it. */
function withoutAnnotation(fields: JsonObject): JsonObject {
  const { "f:annotations": _, ...metadata } = objectAt(fields, "f:metadata");
  const { [ANNOTATION]: __, ...annotations } = objectAt(fields, "f:metadata", "f:annotations");
  const isEmpty = Object.keys(annotations).every((key) => key === ".");
  return { ...fields, "f:metadata": isEmpty ? metadata : { ...metadata, "f:annotations": annotations } };
}
