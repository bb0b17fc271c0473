/** How large values are: characters of a text, bytes, items, entries; anything else counts as one. */
import { type CelValue, List, MapValue } from "./values.ts";

export function sizeOf(value: CelValue): number {
  if (typeof value === "string") return characters(value);
  if (value instanceof List || value instanceof MapValue) return value.size;
  return value instanceof Uint8Array ? value.length : 1;
}

/** Code points; lone halves of pairs count, too. */
export function characters(text: string): number {
  if (!SURROGATE.test(text)) return text.length;
  let count = 0;
  for (const _ of text) count++;
  return count;
}

const SURROGATE = /[\ud800-\udbff]/;

/** What it costs to go through a text of this size. */
export const traversal = (size: number): number => Math.ceil(size * 0.1);
