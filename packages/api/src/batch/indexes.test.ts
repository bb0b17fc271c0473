import assert from "node:assert/strict";
import { test } from "node:test";
import { commonIndex, countIndexes } from "./indexes.ts";

test("indexes are counted, ranges with both their ends", () => {
  for (const [text, count] of [
    ["", 0],
    ["0", 1],
    ["0,2-5,9", 6],
    ["0-9", 10],
  ] as const)
    assert.equal(countIndexes(text, 10), count, text);
});

test("what is wrong with a set of indexes is said", () => {
  const cases: Record<string, RegExp> = {
    "0-10": /too large index: "10"/,
    "2-1": /non-increasing order, previous: 2, current: 1/,
    "3,3": /non-increasing order, previous: 3, current: 3/,
    a: /cannot convert string to integer for index: "a"/,
    "1-2-3": /at most two parts separated by '-'/,
  };
  for (const [text, message] of Object.entries(cases)) assert.throws(() => countIndexes(text, 10), message, text);
});

test("an index in both sets is found", () => {
  assert.equal(commonIndex("0-3,7", "4-7"), 7);
  assert.equal(commonIndex("0-3", "4-7"), undefined);
});
