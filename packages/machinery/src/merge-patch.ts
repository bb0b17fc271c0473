/**
 * JSON Merge Patch (RFC 7386) as the original applies it: where a patch brings a new object or list, members that are
 * null are left out of it at any depth.
 * Holds: neither document nor patch is changed; what the patch does not name is shared with the document.
 */
import { deepEqual } from "./deep-equal.ts";
import { getOwn, isObject, type JsonObject, type JsonValue, setOwn } from "./json-value.ts";

export function applyMergePatch(document: unknown, patch: unknown): JsonValue {
  if (!isObject(patch)) return patch as JsonValue;
  if (!isObject(document)) return withoutNulls(patch);
  const result: JsonObject = { ...document };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) {
      delete result[key];
      continue;
    }
    const before = getOwn(document, key) ?? null;
    setOwn(result, key, isObject(before) ? applyMergePatch(before, value) : withoutNulls(value));
  }
  return result;
}

function withoutNulls(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  const result: JsonObject = {};
  for (const [key, member] of Object.entries(value)) {
    if (member !== null) setOwn(result, key, withoutNulls(member));
  }
  return result;
}

/** The merge patch that makes `after` of `before`: what kubectl sends. */
export function createMergePatch(before: JsonObject, after: JsonObject): JsonObject {
  const patch: JsonObject = {};
  for (const key of Object.keys(before)) {
    if (!Object.hasOwn(after, key)) setOwn(patch, key, null);
  }
  for (const [key, value] of Object.entries(after)) {
    const old = getOwn(before, key);
    if (isObject(old) && isObject(value)) {
      const inner = createMergePatch(old, value);
      if (Object.keys(inner).length) setOwn(patch, key, inner);
    } else if (!deepEqual(old, value)) {
      setOwn(patch, key, value);
    }
  }
  return patch;
}
