/**
 * Writes JSON values as YAML the way `kubectl -o yaml` and the API server do: block style, lists not indented under
 * their key, members in natural order, long lines folded at blanks behind column 80.
 * Holds: what is written reads back as the same value by any YAML 1.1 or 1.2 reader.
 */
import type { ReadonlyJson } from "./json-value.ts";
import { compareNaturally } from "./natural-order.ts";
import { writeScalar } from "./yaml-scalar-writer.ts";

export interface YamlWriteOptions {
  /** Members in natural order, as the original prints them; true by default. */
  readonly sortKeys?: boolean;
}

/** A key longer than this is written in two lines ("? key", ": value"). */
const LONGEST_KEY = 128;

export function toYaml(value: unknown, options: YamlWriteOptions = {}): string {
  const writer = new Writer(options.sortKeys ?? true);
  writer.node(value as ReadonlyJson, -2, false);
  return writer.text.endsWith("\n") ? writer.text : `${writer.text}\n`;
}

class Writer {
  text = "";
  #column = 0;
  readonly #sorted: boolean;

  constructor(sorted: boolean) {
    this.#sorted = sorted;
  }

  /**
   * Writes a value that belongs to a construct indented by `indent`. `inline` tells that a collection may begin on the
   * present line, as it does after "- ".
   */
  node(value: ReadonlyJson, indent: number, inline: boolean, inMapping = false): void {
    if (Array.isArray(value)) this.#list(value as readonly ReadonlyJson[], inMapping ? indent : indent + 2, inline);
    else if (typeof value === "object" && value !== null) {
      this.#mapping(value as { readonly [key: string]: ReadonlyJson }, indent + 2, inline);
    } else this.#scalar(value, indent);
  }

  #list(list: readonly ReadonlyJson[], indent: number, inline: boolean): void {
    if (list.length === 0) {
      this.#put(this.#column === 0 ? "[]" : " []");
      return;
    }
    let first = inline;
    for (const item of list) {
      if (!first) this.#line(indent);
      first = false;
      this.#put("-");
      if (isFilled(item)) this.#put(" ");
      this.node(item, indent, true);
    }
  }

  #mapping(object: { readonly [key: string]: ReadonlyJson }, indent: number, inline: boolean): void {
    const keys = Object.keys(object).filter((key) => object[key] !== undefined);
    if (keys.length === 0) {
      this.#put(this.#column === 0 ? "{}" : " {}");
      return;
    }
    if (this.#sorted) keys.sort(compareNaturally);
    let first = inline;
    for (const key of keys) {
      if (!first) this.#line(indent);
      first = false;
      this.#key(key, indent);
      this.node(object[key] as ReadonlyJson, indent, false, true);
    }
  }

  #key(key: string, indent: number): void {
    if (Buffer.byteLength(key) <= LONGEST_KEY && !key.includes("\n")) {
      this.#put(`${writeScalar(key, { column: this.#column, indent, isKey: true }).text}:`);
      return;
    }
    this.#put("?");
    this.#scalar(key, indent);
    this.#line(indent);
    this.#put(":");
  }

  #scalar(value: null | boolean | number | bigint | string, indent: number): void {
    if (this.#column > 0) this.#put(" ");
    const { text } = writeScalar(value, { column: this.#column, indent: indent + 2, isKey: false });
    this.#put(text);
  }

  #put(text: string): void {
    this.text += text;
    const end = text.lastIndexOf("\n");
    this.#column = end < 0 ? this.#column + text.length : text.length - end - 1;
  }

  #line(indent: number): void {
    if (this.text && !this.text.endsWith("\n")) this.text += "\n";
    this.text += " ".repeat(indent);
    this.#column = indent;
  }
}

const isFilled = (value: ReadonlyJson): boolean =>
  typeof value === "object" && value !== null && Object.values(value).some((member) => member !== undefined);
