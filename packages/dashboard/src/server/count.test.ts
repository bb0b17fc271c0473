import assert from "node:assert/strict";
import { test } from "node:test";
import { countOf } from "./count.ts";

const CASES: readonly [what: string, list: Parameters<typeof countOf>[0], count: number | undefined][] = [
  ["an empty list", { items: [], metadata: {} }, 0],
  ["one of one", { items: [{}], metadata: {} }, 1],
  ["one of many", { items: [{}], metadata: { continue: "there", remainingItemCount: 9999 } }, 10_000],
  ["one, and nobody says of how many", { items: [{}], metadata: { continue: "there" } }, undefined],
];

for (const [what, list, count] of CASES) test(`the count of ${what}`, () => assert.equal(countOf(list), count));
