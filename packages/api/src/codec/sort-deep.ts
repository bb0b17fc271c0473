/** Any JSON with all keys in byte order. */
import { each } from "@kubets/machinery/turns";
import type { PlainObject } from "../meta.ts";
import { setKey, sortedKeys } from "./map-keys.ts";

export function sortDeep(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    const items: unknown[] = [];
    each(value.length, (i) => (items[i] = sortDeep(value[i])));
    return items;
  }
  const out: PlainObject = {};
  const keys = sortedKeys(value);
  each(keys.length, (i) => {
    const key = keys[i] as string;
    const one = (value as PlainObject)[key];
    if (one !== undefined) setKey(out, key, sortDeep(one));
  });
  return out;
}
