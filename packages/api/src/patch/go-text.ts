/** Values as Go prints them with %v ("map[a:1 b:[x y]]"): messages about patches show them so. */
import { ownValue, sortedKeys } from "../codec/map-keys.ts";

export function goText(value: unknown): string {
  if (value === null || value === undefined) return "<nil>";
  if (Array.isArray(value)) return `[${value.map(goText).join(" ")}]`;
  if (typeof value === "object")
    return `map[${sortedKeys(value)
      .map((key) => `${key}:${goText(ownValue(value, key))}`)
      .join(" ")}]`;
  if (typeof value === "number" && !Number.isInteger(value)) return goFloat(value);
  return String(value as string | number | bigint | boolean);
}

/** Go writes exponents of at least two digits. */
const goFloat = (value: number) => String(value).replace(/e([+-])(\d)$/, "e$10$2");
