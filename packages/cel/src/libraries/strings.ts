/** Functions over texts: places and parts, by characters and not by UTF-16 units; joining, splitting, replacing. */
import { ENDLESS, plus, scaled, times } from "../cost-range.ts";
import type { Library, Overload } from "../declarations.ts";
import { func, method } from "../declare.ts";
import { failure, noSuchOverload } from "../errors.ts";
import { sizeAt, throughItems, throughTarget } from "../library-costs.ts";
import { checkLength } from "../limits.ts";
import { characters, sizeOf, traversal } from "../sizes.ts";
import { formatText } from "../text-format.ts";
import { celTypes as t } from "../types.ts";
import { type CelValue, List } from "../values.ts";

/** A text whose characters can be counted off: one unit each, if there are no pairs. */
const lettersOf = (text: string): string | readonly string[] =>
  /[\ud800-\udbff]/.test(text) ? Array.from(text) : text;

const slice = (letters: string | readonly string[], start: number, end: number): string =>
  typeof letters === "string" ? letters.slice(start, end) : letters.slice(start, end).join("");

function charAt(text: string, index: bigint): string {
  const letters = lettersOf(text);
  const at = Number(index);
  if (at < 0 || at > letters.length) throw failure(`index out of range: ${index}`);
  return letters[at] ?? "";
}

function substring(text: string, from: bigint, to?: bigint): string {
  const letters = lettersOf(text);
  const [start, end] = [Number(from), to === undefined ? letters.length : Number(to)];
  if (to !== undefined && start > end) throw failure(`invalid substring range. start: ${from}, end: ${to}`);
  if (start < 0 || start > letters.length) throw failure(`index out of range: ${from}`);
  if (end < 0 || end > letters.length) throw failure(`index out of range: ${to}`);
  return slice(letters, start, end);
}

/** The place as a number of characters. */
const place = (text: string, at: number): bigint => (at < 0 ? -1n : BigInt(characters(text.slice(0, at))));

/** The place in UTF-16 units of the character with this number. */
function unitAt(text: string, index: bigint): number {
  const letters = lettersOf(text);
  if (index < 0n || Number(index) > letters.length) throw failure(`index out of range: ${index}`);
  return slice(letters, 0, Number(index)).length;
}

function indexOf(text: string, part: string, from = 0n): bigint {
  if (part === "") return from === 0n ? 0n : from;
  return place(text, text.indexOf(part, unitAt(text, from)));
}

function lastIndexOf(text: string, part: string, from?: bigint): bigint {
  const length = BigInt(characters(text));
  if (from !== undefined && (from < 0n || from >= length)) throw failure(`index out of range: ${from}`);
  if (part === "") return from ?? length;
  return place(text, text.lastIndexOf(part, from === undefined ? text.length : unitAt(text, from)));
}

function replace(text: string, old: string, by: string, most = -1n): string {
  const places = old === "" ? text.length + 1 : Math.floor(text.length / old.length);
  if (by.length > old.length)
    checkLength(text.length + (most < 0n ? places : Math.min(places, Number(most))) * by.length);
  if (most < 0n) return old === "" ? surround(text, by, Number.POSITIVE_INFINITY) : text.replaceAll(old, () => by);
  if (old === "") return surround(text, by, Number(most));
  let made = "";
  let rest = text;
  for (let left = most; left > 0n; left--) {
    const at = rest.indexOf(old);
    if (at < 0) break;
    made += rest.slice(0, at) + by;
    rest = rest.slice(at + old.length);
  }
  return made + rest;
}

/** Puts a text before each character and at the end. */
function surround(text: string, by: string, most: number): string {
  let left = most;
  let made = left-- > 0 ? by : "";
  for (const letter of text) made += letter + (left-- > 0 ? by : "");
  return made;
}

function split(text: string, separator: string, most = -1n): List {
  if (most === 0n) return new List([]);
  const parts = separator === "" ? Array.from(text) : text.split(separator);
  if (most < 0n || parts.length <= Number(most)) return new List(parts);
  const kept = parts.slice(0, Number(most) - 1);
  return new List([...kept, parts.slice(kept.length).join(separator)]);
}

/** White space as Unicode has it; of the web's, all but the byte order mark. */
const BLANK = /[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;
function trim(text: string): string {
  let [from, to] = [0, text.length];
  while (from < to && BLANK.test(text.charAt(from))) from++;
  while (from < to && BLANK.test(text.charAt(to - 1))) to--;
  return text.slice(from, to);
}

const lower = (text: string): string => text.replace(/[A-Z]+/g, (part) => part.toLowerCase());
const upper = (text: string): string => text.replace(/[a-z]+/g, (part) => part.toUpperCase());

const QUOTED: Readonly<Record<string, string>> = {
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
  '"': '\\"',
};
const quote = (text: string): string =>
  `"${Array.from(text.toWellFormed(), (letter) => QUOTED[letter] ?? letter).join("")}"`;

const splitting: Pick<Overload, "cost" | "estimate"> = {
  cost: ([text]) => Math.ceil(sizeOf(text as CelValue) * 0.2),
  estimate: (sizes) => ({ cost: scaled(sizeAt(sizes, 0), 0.2), size: { min: 0, max: sizeAt(sizes, 0).max } }),
};

/** The result is as long as the replacements can make it. */
const replacing: Pick<Overload, "cost" | "estimate" | "work"> = {
  work: ([text, old, by]) => {
    const { length } = text as string;
    const places = old === "" ? length + 1 : length / (old as string).length;
    return length + places * (4 + (by as string).length / 16);
  },
  cost: ([text]) => Math.ceil(sizeOf(text as CelValue) * 0.2),
  estimate: (sizes) => {
    const [text, old, by] = [sizeAt(sizes, 0), sizeAt(sizes, 1), sizeAt(sizes, 2)];
    const longest = replacements(text.max, old.min, by.max <= old.min, by.max);
    const shortest = replacements(text.min, old.max, old.max <= by.min, by.min);
    return { cost: scaled(text, 0.2), size: { min: shortest, max: longest } };
  },
};

/** The size after replacing parts of one size by another, unless that leaves the text as it is. */
function replacements(size: number, old: number, unchanged: boolean, by: number): number {
  if (old === 0) return Math.min((size + 1) * by + size, ENDLESS);
  return unchanged ? size : Math.min(Math.ceil(size / old) * by, ENDLESS);
}

const joining: Pick<Overload, "cost" | "estimate"> = {
  cost: ([list, separator]) => Math.ceil(joinedSize(list as List, separator) * 0.2),
  estimate: (sizes, args) => {
    const list = sizeAt(sizes, 0);
    const gaps = { min: Math.max(list.min - 1, 0), max: Math.max(list.max - 1, 0) };
    const items = times(list, args[0]?.itemSize ?? { min: 0, max: ENDLESS });
    const size = sizes.length > 1 ? plus(items, times(sizeAt(sizes, 1), gaps)) : items;
    return { cost: scaled(size, 0.1), size };
  },
};

function joinedSize(list: List, separator: CelValue = ""): number {
  let size = Math.max(0, list.size - 1) * sizeOf(separator);
  for (const item of list) size += sizeOf(item);
  return size;
}

function join(list: List, separator = ""): string {
  const items = list.toArray().map((item) => {
    if (typeof item !== "string") throw noSuchOverload();
    return item;
  });
  checkLength(items.reduce((sum, item) => sum + item.length, items.length * separator.length));
  return items.join(separator);
}

const [S, I] = [t.string, t.int];
const texts = t.list(S);

export const strings: Library = {
  name: "strings",
  overloads: [
    method("charAt", "string_char_at_int", [S, I], S, charAt),
    method("format", "string_format", [S, t.list(t.dyn)], S, formatText, {
      cost: ([text]) => traversal(sizeOf(text as CelValue)),
      estimate: (sizes) => ({ cost: scaled(sizeAt(sizes, 0), 0.1) }),
    }),
    method("indexOf", "string_index_of_string", [S, S], I, indexOf, throughItems),
    method("indexOf", "string_index_of_string_int", [S, S, I], I, indexOf, throughItems),
    method("lastIndexOf", "string_last_index_of_string", [S, S], I, lastIndexOf, throughItems),
    method("lastIndexOf", "string_last_index_of_string_int", [S, S, I], I, lastIndexOf, throughItems),
    method("join", "list_join", [texts], S, join, joining),
    method("join", "list_join_string", [texts, S], S, join, joining),
    method("lowerAscii", "string_lower_ascii", [S], S, lower, throughTarget),
    method("upperAscii", "string_upper_ascii", [S], S, upper, throughTarget),
    method("replace", "string_replace_string_string", [S, S, S], S, replace, replacing),
    method("replace", "string_replace_string_string_int", [S, S, S, I], S, replace, replacing),
    method("split", "string_split_string", [S, S], texts, split, splitting),
    method("split", "string_split_string_int", [S, S, I], texts, split, splitting),
    method("substring", "string_substring_int", [S, I], S, substring, throughTarget),
    method("substring", "string_substring_int_int", [S, I, I], S, substring, throughTarget),
    method("trim", "string_trim", [S], S, trim, throughTarget),
    func("strings.quote", "strings_quote", [S], S, quote, {
      cost: ([text]) => traversal(sizeOf(text as CelValue)),
      estimate: (sizes) => ({
        cost: scaled(sizeAt(sizes, 0), 0.1),
        size: plus(scaled(sizeAt(sizes, 0), 1), { min: 2, max: sizeAt(sizes, 0).max + 2 }),
      }),
    }),
  ],
};
