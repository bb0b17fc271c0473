/** Sets of a job's indexes as texts: "0,2-5,9", each number above the one before. */

/** How many indexes the text names; throws in the original's words what is wrong with it. */
export function countIndexes(text: string, completions: number): number {
  if (text === "") return 0;
  let last = -1;
  let count = 0;
  for (const part of text.split(",")) {
    const limits = part.split("-");
    if (limits.length > 2)
      throw new Error(
        `the fragment ${JSON.stringify(part)} violates the requirement that an index interval can have at most two parts separated by '-'`,
      );
    const [first, end] = limits.map((limit) => parseIndex(limit, completions));
    for (const index of end === undefined ? [first as number] : [first as number, end]) {
      if (last >= index) throw new Error(`non-increasing order, previous: ${last}, current: ${index}`);
      last = index;
    }
    count += last - (first as number) + 1;
  }
  return count;
}

function parseIndex(text: string, completions: number): number {
  if (!/^[+-]?\d+$/.test(text)) throw new Error(`cannot convert string to integer for index: ${JSON.stringify(text)}`);
  const index = Number(text);
  if (index >= completions) throw new Error(`too large index: ${JSON.stringify(text)}`);
  return index;
}

/** The ranges of a text that `countIndexes` has found to be right. */
export const indexRanges = (text: string): [first: number, last: number][] =>
  text === ""
    ? []
    : text.split(",").map((part) => {
        const [first = "0", last = first] = part.split("-");
        return [Number(first), Number(last)];
      });

/** An index that both texts name. */
export function commonIndex(a: string, b: string): number | undefined {
  for (const [first, last] of indexRanges(a))
    for (const [otherFirst, otherLast] of indexRanges(b))
      if (first <= otherLast && otherFirst <= last) return Math.max(first, otherFirst);
  return undefined;
}
