/**
 * Text in quotes as Go's %q shows it: it differs from JSON in what cannot be printed.
 */
const PLAIN = /^[ !#-[\]-~]*$/;
const SHORT: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\u0007": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
};
/** Letters, marks, numbers, punctuation and symbols are printed, but what has a meaning in quotes; of blanks only the plain one. */
const UNPRINTED = /^(?:["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ])$/u;
/** Found quickly, and looked at one by one: texts may be long. */
const NOT_PLAIN = /[^ !#-[\]-~]/gu;

export function quote(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  return `"${text.replace(NOT_PLAIN, shown)}"`;
}

const shown = (letter: string): string => SHORT[letter] ?? (UNPRINTED.test(letter) ? escaped(letter) : letter);

function escaped(letter: string): string {
  const code = letter.codePointAt(0) as number;
  const hex = code.toString(16);
  if (code < 0x80) return `\\x${hex.padStart(2, "0")}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
}
