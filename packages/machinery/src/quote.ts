/**
 * Text in quotes as Go's %q shows it: it differs from JSON in what cannot be printed. Texts may be long, and most hold nothing of the kind.
 */
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
/** Letters, marks, numbers, punctuation and symbols are printed; of blanks only the plain one; some others JSON shows alike. */
const UNLIKE_JSON = /[^ -~\b\f\n\r\t\p{L}\p{M}\p{N}\p{P}\p{S}]/u;
const NOT_PRINTED = /["\\]|[^ -~\p{L}\p{M}\p{N}\p{P}\p{S}]/gu;

export function quote(text: string): string {
  return UNLIKE_JSON.test(text) ? `"${text.replace(NOT_PRINTED, escaped)}"` : JSON.stringify(text);
}

function escaped(letter: string): string {
  const short = SHORT[letter];
  if (short !== undefined) return short;
  const code = letter.codePointAt(0) as number;
  const hex = code.toString(16);
  if (code < 0x80) return `\\x${hex.padStart(2, "0")}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
}
