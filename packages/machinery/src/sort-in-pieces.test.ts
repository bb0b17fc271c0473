import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "./random.ts";
import { inOneGo } from "./short-stretches.ts";
import { sortedInPieces } from "./sort-in-pieces.ts";

test("sorts as the language does, equal ones in their order, with pauses", () => {
  const random = seededRandom(5);
  for (const length of [0, 1, 499, 500, 501, 1500, 4321]) {
    const items = Array.from({ length }, (_, at) => ({ key: Math.floor(random.float() * 300), at }));
    const compare = (a: { key: number }, b: { key: number }) => a.key - b.key;
    assert.deepEqual(inOneGo(sortedInPieces(items, compare)), items.toSorted(compare));
  }
  let pauses = 0;
  for (const _ of sortedInPieces(
    Array.from({ length: 2000 }, (__, i) => -i),
    (a, b) => a - b,
  ))
    pauses++;
  assert.equal(pauses, 4 + 4 + 4);
});
