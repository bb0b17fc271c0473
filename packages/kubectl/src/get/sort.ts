/** The order of --sort-by: numbers by size, quantities by amount, texts in natural order, what is missing first. */
import { compareNaturally } from "@kubets/machinery/natural-order";
import { tryParseQuantity } from "@kubets/machinery/quantity";
import type { JsonValue } from "../json.ts";

export function compareValues(a: JsonValue | undefined, b: JsonValue | undefined): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  if (typeof a === "string" && typeof b === "string") return compareTexts(a, b);
  if (typeof a === "object" || typeof b === "object") return 0;
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareTexts(a: string, b: string): number {
  const [x, y] = [tryParseQuantity(a), tryParseQuantity(b)];
  return x && y ? x.compare(y) : compareNaturally(a, b);
}
