/** JSON as Go writes it: members in byte order, `<`, `>` and `&` escaped, four blanks a level where it is indented. */
import type { JsonValue } from "./json-value.ts";

export function jsonText(value: JsonValue | undefined, indent = 0): string {
  return write(value ?? null, indent > 0 ? "\n" : "", indent);
}

function write(value: JsonValue, line: string, indent: number): string {
  if (typeof value === "string") return stringText(value);
  if (value === null || typeof value !== "object") return String(value);
  const inner = line && line + " ".repeat(indent);
  const isList = Array.isArray(value);
  const parts = isList
    ? value.map((item) => write(item, inner, indent))
    : Object.keys(value)
        .filter((key) => value[key] !== undefined)
        .sort(byBytes)
        .map((key) => `${stringText(key)}:${line && " "}${write(value[key] as JsonValue, inner, indent)}`);
  const [open, close] = isList ? ["[", "]"] : ["{", "}"];
  if (parts.length === 0) return open + close;
  return `${open}${inner}${parts.join(`,${inner}`)}${line}${close}`;
}

const byBytes = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const stringText = (text: string): string =>
  JSON.stringify(text).replace(
    /[<>&\u2028\u2029]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
