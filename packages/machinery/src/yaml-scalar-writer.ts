/**
 * Writes one YAML scalar in the style that the original would choose: plain where it reads back as itself, literal for
 * several lines, in single quotes where marks would mislead, in double quotes where a reader would take it for another
 * type or where it holds what cannot be printed. Folds at a blank once a line has more than 80 columns.
 */
import { needsQuotes } from "./yaml-scalars.ts";

interface ScalarPlace {
  /** Where the scalar begins. */
  readonly column: number;
  /** The indentation of its further lines. */
  readonly indent: number;
  readonly isKey: boolean;
}

const WIDTH = 80;

export function writeScalar(
  value: null | boolean | number | bigint | string,
  place: ScalarPlace,
): { readonly text: string } {
  if (typeof value !== "string") return { text: typeof value === "number" ? numberText(value) : String(value) };
  const traits = traitsOf(value);
  if (value.includes("\n")) {
    // Readers do not agree on the indentation of a literal that is a whole document.
    const isBlock = !place.isKey && traits.allowsBlock && place.indent > 0;
    return { text: isBlock ? literal(value, place.indent) : doubleQuoted(value, place) };
  }
  if (value === "" || needsQuotes(value) || isSexagesimal(value)) return { text: doubleQuoted(value, place) };
  if (traits.allowsPlain) return { text: fold(value, place) };
  return {
    text: traits.allowsSingle ? `'${fold(value.replaceAll("'", "''"), place, 1)}'` : doubleQuoted(value, place),
  };
}

/** As Go prints a float: an exponent below 1e-4 and from 1e21 on, of two digits at least. */
function numberText(value: number): string {
  const text = value !== 0 && Math.abs(value) < 1e-4 ? value.toExponential() : String(value);
  return text.replace(/e([+-])([0-9])$/, "e$10$2");
}

/** What other readers take for a number of base 60. */
const isSexagesimal = (text: string): boolean => /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/.test(text);

interface Traits {
  readonly allowsPlain: boolean;
  readonly allowsSingle: boolean;
  readonly allowsBlock: boolean;
}

const UNPRINTABLE = /[^\n\u0020-\u007e\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd]/;
const FIRST_MARK = /^(?:[#,[\]{}&*!|>'"%@`]|[?:-](?:[\s]|$)|---|\.\.\.)/;
const INNER_MARK = /:(?:\s|$)|\s#/;

function traitsOf(text: string): Traits {
  const isSpecial = UNPRINTABLE.test(text) || / \n/.test(text);
  const misleads = FIRST_MARK.test(text) || INNER_MARK.test(text.slice(1)) || /^[ \n]|[ \n]$/.test(text);
  const breakThenSpace = /\n /.test(text);
  return {
    allowsPlain: !isSpecial && !misleads && !text.includes("\n"),
    allowsSingle: !isSpecial && !breakThenSpace,
    allowsBlock: !isSpecial && !text.endsWith(" "),
  };
}

function literal(text: string, indent: number): string {
  const margin = " ".repeat(indent);
  const hint = /^[ \n]/.test(text) ? "2" : "";
  const chomp = !text.endsWith("\n") ? "-" : text === "\n" || text.endsWith("\n\n") ? "+" : "";
  const lines = text.split("\n");
  if (text.endsWith("\n")) lines.pop();
  return `|${hint}${chomp}\n${lines.map((line) => (line ? margin + line : "")).join("\n")}${chomp === "-" ? "" : "\n"}`;
}

/** Breaks at single blanks once the line is long; `quotes` is how many columns an opening quote takes. */
function fold(text: string, place: ScalarPlace, quotes = 0): string {
  if (place.isKey || place.column + text.length <= WIDTH) return text;
  const letters = Array.from(text);
  let column = place.column + quotes;
  let folded = "";
  for (const [i, letter] of letters.entries()) {
    const isSingle = letter === " " && letters[i - 1] !== " " && letters[i + 1] !== " ";
    const isInside = i > 0 && i < letters.length - 1;
    if (isSingle && isInside && column > WIDTH) {
      folded += `\n${" ".repeat(Math.max(2, place.indent))}`;
      column = Math.max(2, place.indent);
    } else {
      folded += letter;
      column++;
    }
  }
  return folded;
}

const ESCAPES: Readonly<Record<string, string>> = {
  "\0": "\\0",
  "\u0007": "\\a",
  "\b": "\\b",
  "\t": "\\t",
  "\n": "\\n",
  "\v": "\\v",
  "\f": "\\f",
  "\r": "\\r",
  "\u001b": "\\e",
  '"': '\\"',
  "\\": "\\\\",
  "\u0085": "\\N",
  "\u2028": "\\L",
  "\u2029": "\\P",
};

function doubleQuoted(text: string, place: ScalarPlace): string {
  const letters = Array.from(text);
  const margin = Math.max(2, place.indent);
  let column = place.column + 1;
  let quoted = "";
  for (const [i, letter] of letters.entries()) {
    const isInside = i > 0 && i < letters.length - 1;
    if (letter === " " && letters[i - 1] !== " " && isInside && !place.isKey && column > WIDTH) {
      // A backslash keeps a blank at the start of the new line.
      const keep = letters[i + 1] === " " ? "\\" : "";
      quoted += `\n${" ".repeat(margin)}${keep}`;
      column = margin + keep.length;
      continue;
    }
    const written = escapeOf(letter);
    quoted += written;
    column += Array.from(written).length;
  }
  return `"${quoted}"`;
}

function escapeOf(letter: string): string {
  const short = ESCAPES[letter];
  if (short) return short;
  if (!UNPRINTABLE.test(letter)) return letter;
  const code = letter.codePointAt(0) as number;
  const hex = code.toString(16).toUpperCase();
  if (code <= 0xff) return `\\x${hex.padStart(2, "0")}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
}
