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
  let count = text.length;
  for (let i = 0; i < text.length - 1; i++) {
    if ((text.charCodeAt(i) & HALF) !== HIGH || (text.charCodeAt(i + 1) & HALF) !== LOW) continue;
    count--;
    i++;
  }
  return count;
}

/** Which half of a pair a unit is. */
const HALF = 0xfc00;
const HIGH = 0xd800;
const LOW = 0xdc00;

const SURROGATE = /[\ud800-\udbff]/;

/** What it costs to go through a text of this size. */
export const traversal = (size: number): number => Math.ceil(size * 0.1);
