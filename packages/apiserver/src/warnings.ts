/** Warnings as headers of an answer: each once and in UTF-8, and no more of them than clients take. What holds control characters cannot be told there. */

/** In all of them together; where there is more, each is cut. */
const MOST_LETTERS = 4096;
const LONGEST_OF_MANY = 256;

export function warningHeaders(texts: readonly string[]): string[] {
  if (texts.length === 0) return [];
  const told = [...new Set(texts)].filter((text) => text !== "" && !/\p{Cc}/u.test(text));
  const isMuch = told.reduce((sum, text) => sum + lettersOf(text, MOST_LETTERS + 1).length, 0) > MOST_LETTERS;
  const headers: string[] = [];
  let length = 0;
  for (const text of told) {
    if (length >= MOST_LETTERS) break;
    const letters = lettersOf(text, isMuch ? LONGEST_OF_MANY : MOST_LETTERS);
    length += letters.length;
    headers.push("warning", `299 - "${inBytes(letters.join("")).replace(/["\\]/g, "\\$&")}"`);
  }
  return headers;
}

/** The first ones; a letter is one or two units of a string. */
const lettersOf = (text: string, most: number): string[] => Array.from(text.slice(0, 2 * most)).slice(0, most);

/** Headers are written a byte for each unit of a string. */
const inBytes = (text: string): string => Buffer.from(text).toString("latin1");
