/** What every text can be asked: what it contains, begins and ends with, and whether it matches a pattern. */
import { ONE, plus, scaled, times, UNKNOWN_SIZE } from "../cost-range.ts";
import type { Overload } from "../declarations.ts";
import { func, method } from "../declare.ts";
import { byPattern, natively } from "../library-costs.ts";
import { matches } from "../regex.ts";
import { sizeOf, traversal } from "../sizes.ts";
import { celTypes as t } from "../types.ts";
import type { CelValue } from "../values.ts";

type Cost = Pick<Overload, "cost" | "estimate" | "work">;

const ofArgument: Cost = {
  ...natively,
  cost: ([, part]) => traversal(sizeOf(part as CelValue)),
  estimate: ([, part = UNKNOWN_SIZE]) => ({ cost: scaled(part, 0.1) }),
};
const ofBoth: Cost = {
  ...natively,
  cost: ([text, part]) => traversal(sizeOf(text as CelValue)) * traversal(sizeOf(part as CelValue)),
  estimate: ([text = UNKNOWN_SIZE, part = UNKNOWN_SIZE]) => ({ cost: times(scaled(text, 0.1), scaled(part, 0.1)) }),
};
/** A pattern is taken to have a step for every four characters; an empty text costs, too. */
const ofMatch: Cost = {
  ...byPattern,
  cost: ([text, pattern]) => traversal(1 + sizeOf(text as CelValue)) * Math.ceil(sizeOf(pattern as CelValue) * 0.25),
  estimate: ([text = UNKNOWN_SIZE, pattern = UNKNOWN_SIZE]) => ({
    cost: times(scaled(plus(text, ONE), 0.1), scaled(pattern, 0.25)),
  }),
};

const twoTexts = [t.string, t.string];

export const texts: readonly Overload[] = [
  method("contains", "contains_string", twoTexts, t.bool, (text: string, part: string) => text.includes(part), ofBoth),
  method(
    "startsWith",
    "starts_with_string",
    twoTexts,
    t.bool,
    (text: string, part: string) => text.startsWith(part),
    ofArgument,
  ),
  method(
    "endsWith",
    "ends_with_string",
    twoTexts,
    t.bool,
    (text: string, part: string) => text.endsWith(part),
    ofArgument,
  ),
  method("matches", "matches_string", twoTexts, t.bool, matches, ofMatch),
  func("matches", "matches", twoTexts, t.bool, matches, ofMatch),
];
