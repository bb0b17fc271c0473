import assert from "node:assert/strict";
import { test } from "node:test";
import { formatIndexes, parseIndexes } from "./index-set.ts";

test("sets of indexes and their texts", () => {
  for (const [indexes, text] of [
    [[], ""],
    [[3], "3"],
    [[1, 2], "1,2"],
    [[0, 1, 2, 4, 6, 7, 8, 9, 11], "0-2,4,6-9,11"],
  ] as const) {
    assert.equal(formatIndexes(indexes), text);
    assert.deepEqual([...parseIndexes(text, 12)], [...indexes]);
  }
  assert.deepEqual([...parseIndexes("0-9", 3)], [0, 1, 2], "what is beyond the completions does not count");
});
