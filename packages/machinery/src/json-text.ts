/** JSON as Go writes it: members in byte order unless they are in their own already, `<`, `>` and `&` escaped, indented if asked. */
import type { JsonObject, JsonValue } from "./json-value.ts";

export function jsonText(value: JsonValue | undefined, indent = 0, sorted = true): string {
  return write(value ?? null, indent > 0 ? "\n" : "", indent, sorted ? byBytes : undefined);
}

type Order = ((a: string, b: string) => number) | undefined;

function write(value: JsonValue, line: string, indent: number, order: Order): string {
  if (typeof value === "string") return stringText(value);
  if (value === null || typeof value !== "object") return String(value);
  const inner = line && line + " ".repeat(indent);
  const isList = Array.isArray(value);
  const parts = isList
    ? value.map((item) => write(item, inner, indent, order))
    : membersOf(value, order).map(
        (key) => `${stringText(key)}:${line && " "}${write(value[key] as JsonValue, inner, indent, order)}`,
      );
  const [open, close] = isList ? ["[", "]"] : ["{", "}"];
  if (parts.length === 0) return open + close;
  return `${open}${inner}${parts.join(`,${inner}`)}${line}${close}`;
}

function membersOf(value: JsonObject, order: Order): string[] {
  const keys = Object.keys(value).filter((key) => value[key] !== undefined);
  return order ? keys.sort(order) : keys;
}

const byBytes = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const stringText = (text: string): string =>
  JSON.stringify(text).replace(
    /[<>&\u2028\u2029]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
