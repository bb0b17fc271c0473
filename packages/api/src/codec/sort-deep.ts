/** Any JSON with all keys in byte order. */
import type { PlainObject } from "../meta.ts";
import { setKey, sortedKeys } from "./map-keys.ts";

export function sortDeep(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(sortDeep);
  const out: PlainObject = {};
  for (const key of sortedKeys(value)) {
    const one = (value as PlainObject)[key];
    if (one !== undefined) setKey(out, key, sortDeep(one));
  }
  return out;
}
