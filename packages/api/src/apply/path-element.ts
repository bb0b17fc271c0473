/**
 * One step of a path into an object, in the spelling of FieldsV1: `f:name` a field, `k:{"name":"x"}` the item of a list with those keys,
 * `v:"x"` an item of a set, `i:0` a place in a list.
 */
import { compareBytes, hasHigh } from "../codec/map-keys.ts";

export const fieldElement = (name: string): string => `f:${name}`;
export const valueElement = (value: unknown): string => `v:${jsonText(value)}`;

/** An item by what its keys hold; names come sorted. A key that the item lacks is left out. */
export function keyElement(names: readonly string[], valueOf: (name: string) => unknown): string {
  let text = "";
  for (const name of names) {
    const value = valueOf(name);
    if (value !== undefined) text += `${text ? "," : ""}"${name}":${jsonText(value)}`;
  }
  return `k:{${text}}`;
}

export const isPathElement = (text: string): boolean => text[1] === ":" && "fkvi".includes(text[0] ?? "");

function jsonText(value: unknown): string {
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  return typeof value === "string" && PLAIN.test(value) ? `"${value}"` : (JSON.stringify(value) ?? "null");
}

/** Text that JSON writes as it is. */
const PLAIN = /^[\w./:@ -]*$/;

const ORDER = "fkvi";

/** The order in which a set is written: fields by name, then items by their keys' values, then values, then places. */
export function compareElements(a: string, b: string): number {
  if (a[0] !== b[0]) return ORDER.indexOf(a[0] as string) - ORDER.indexOf(b[0] as string);
  switch (a[0]) {
    case "f":
      return compareText(a, b);
    case "k":
      return sameFirstKey(a, b) ? compareText(a, b) : compareKeys(parsed(a) as object, parsed(b) as object);
    default:
      return compareValues(parsed(a), parsed(b));
  }
}

/** By bytes, which only texts that both hold such characters stand in another order by than by their UTF-16. */
const compareText = (a: string, b: string) =>
  hasHigh(a) && hasHigh(b) ? compareBytes(a, b) : a < b ? -1 : a > b ? 1 : 0;

/** Whether both begin with the same key and hold text there: then the spelling decides. */
function sameFirstKey(a: string, b: string): boolean {
  const end = a.indexOf('":"');
  return end > 0 && a.indexOf('","') < 0 && b.startsWith(a.slice(0, end + 3));
}

const parsed = (element: string): unknown => JSON.parse(element.slice(2));

function compareKeys(a: object, b: object): number {
  const [left, right] = [Object.entries(a), Object.entries(b)];
  for (let i = 0; i < left.length && i < right.length; i++) {
    const [[aName, aValue], [bName, bValue]] = [left[i], right[i]] as [[string, unknown], [string, unknown]];
    const order = compareText(aName, bName) || compareValues(aValue, bValue);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

const RANK = ["number", "string", "boolean", "object"];

function compareValues(a: unknown, b: unknown): number {
  if (typeof a !== typeof b) return RANK.indexOf(typeof a) - RANK.indexOf(typeof b);
  if (typeof a === "number") return a - (b as number);
  if (typeof a === "string") return compareText(a, b as string);
  return Number(a) - Number(b);
}

/** A step as messages show it: `.name`, `[name="x"]`, `[="x"]`, `[0]`. */
export function elementText(element: string): string {
  switch (element[0]) {
    case "f":
      return `.${element.slice(2)}`;
    case "k":
      return `[${Object.entries(parsed(element) as object)
        .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
        .join(",")}]`;
    case "v":
      return `[=${element.slice(2)}]`;
    default:
      return `[${element.slice(2)}]`;
  }
}
