/**
 * KYAML: YAML in flow style that cannot be misread. Strings stand in double quotes, keys without where they are plain words, each
 * member ends with a comma, and a text of several lines is written as several.
 * Holds: what is written reads back as the same value by any YAML reader.
 */
import type { JsonObject, JsonValue } from "../json.ts";

export const kyamlText = (object: JsonObject, sorted = true): string => `---\n${new Writer(sorted).value(object, 0)}\n`;

class Writer {
  readonly #sorted: boolean;

  constructor(sorted: boolean) {
    this.#sorted = sorted;
  }

  value(value: JsonValue, indent: number): string {
    if (typeof value === "string") return stringText(value, indent);
    if (Array.isArray(value)) return this.#list(value, indent);
    return typeof value === "object" && value !== null ? this.#object(value, indent) : String(value);
  }

  #object(object: JsonObject, indent: number): string {
    const keys = Object.keys(object).filter((key) => object[key] !== undefined);
    if (keys.length === 0) return "{}";
    if (this.#sorted) keys.sort();
    const line = `\n${" ".repeat(indent + 2)}`;
    const members = keys.map((key) => `${line}${keyText(key)}: ${this.value(object[key] as JsonValue, indent + 2)},`);
    return `{${members.join("")}\n${" ".repeat(indent)}}`;
  }

  /** Items that are objects or lists stand close: "[{", "}, {", "}]". */
  #list(list: readonly JsonValue[], indent: number): string {
    if (list.length === 0) return "[]";
    if (list.every((item) => typeof item === "object" && item !== null))
      return `[${list.map((item) => this.value(item, indent)).join(", ")}]`;
    const line = `\n${" ".repeat(indent + 2)}`;
    return `[${list.map((item) => `${line}${this.value(item, indent + 2)},`).join("")}\n${" ".repeat(indent)}]`;
  }
}

const PLAIN_KEY = /^[A-Za-z_][\w./-]*$/;
/** Words that a YAML reader may take for something else than text. */
const AMBIGUOUS = /^(y|n|yes|no|on|off|true|false|null)$/i;

const keyText = (key: string): string =>
  PLAIN_KEY.test(key) && !AMBIGUOUS.test(key) ? key : `"${escaped(key).replaceAll("\n", "\\n")}"`;

function stringText(text: string, indent: number): string {
  if (!text.includes("\n")) return `"${escaped(text)}"`;
  const pad = " ".repeat(indent + 2);
  const parts = text.split("\n");
  const last = parts.pop() ?? "";
  const start = (part: string) => `${pad}${/^[ \t]/.test(part) ? "\\" : " "}${escaped(part)}`;
  const lines = parts.map((part) => `${start(part)}\\n\\\n`);
  return `"\\\n${lines.join("")}${last === "" ? "" : `${start(last)}\\\n`}${pad}"`;
}

const NAMED: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  '"': '\\"',
  "\0": "\\0",
  "\x07": "\\a",
  "\b": "\\b",
  "\x1b": "\\e",
  "\f": "\\f",
  "\r": "\\r",
  "\v": "\\v",
  "\x85": "\\N",
  "\xa0": "\\_",
  "\u2028": "\\L",
  "\u2029": "\\P",
  "\ufeff": "\\uFEFF",
};

/** Letter by letter: what has no sign of its own is told by its number. */
function escaped(text: string): string {
  let result = "";
  for (const letter of text) {
    const code = letter.codePointAt(0) as number;
    const plain = code === 9 || code === 10 || (code >= 0x20 && code < 0x7f) || code > 0xa0;
    result += NAMED[letter] ?? (plain ? letter : `\\x${code.toString(16).toUpperCase().padStart(2, "0")}`);
  }
  return result;
}
