/**
 * The order of members in written YAML: letters after all else, numbers inside names by their value (`a2` before `a10`).
 */
const isDigit = (letter: string): boolean => /^\p{Nd}$/u.test(letter);
const isLetter = (letter: string): boolean => /^\p{L}$/u.test(letter);

/** Names of such letters alone stand in the order of their codes. */
const LETTERS_ONLY = /^[A-Za-z]*$/;

export function compareNaturally(a: string, b: string): number {
  if (LETTERS_ONLY.test(a) && LETTERS_ONLY.test(b)) return a < b ? -1 : a > b ? 1 : 0;
  const [x, y] = [Array.from(a), Array.from(b)];
  let afterDigit = false;
  for (let i = 0; i < x.length && i < y.length; i++) {
    const [p, q] = [x[i] as string, y[i] as string];
    if (p === q) {
      afterDigit = isDigit(p);
      continue;
    }
    return compareAt(x, y, i, afterDigit);
  }
  return x.length - y.length;
}

function compareAt(x: readonly string[], y: readonly string[], i: number, afterDigit: boolean): number {
  const [p, q] = [x[i] as string, y[i] as string];
  const byCode = (p.codePointAt(0) as number) - (q.codePointAt(0) as number);
  const [isP, isQ] = [isLetter(p), isLetter(q)];
  if (isP && isQ) return byCode;
  if (isP || isQ) return (afterDigit ? isP : isQ) ? -1 : 1;
  // A digit more in front counts, unless there are only zeros before.
  const lead = (p === "0" || q === "0") && hasNonZeroBefore(x, i) ? "1" : "";
  const [m, n] = [digitsFrom(x, i), digitsFrom(y, i)];
  const [left, right] = [BigInt(lead + m || "0"), BigInt(lead + n || "0")];
  if (left !== right) return left < right ? -1 : 1;
  return m.length - n.length || byCode;
}

function hasNonZeroBefore(letters: readonly string[], i: number): boolean {
  for (let j = i - 1; j >= 0 && isDigit(letters[j] as string); j--) {
    if (letters[j] !== "0") return true;
  }
  return false;
}

function digitsFrom(letters: readonly string[], start: number): string {
  let end = start;
  while (end < letters.length && /^[0-9]$/.test(letters[end] as string)) end++;
  return letters.slice(start, end).join("");
}
