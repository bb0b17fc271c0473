import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { atOnce } from "./at-once.ts";

test("so many are under way, never more, and each is done once", async () => {
  const done: number[] = [];
  let [under, most] = [0, 0];
  await atOnce(3, new Set([1, 2, 3, 4, 5, 6, 7]), async (item) => {
    most = Math.max(most, ++under);
    await turn();
    under--;
    done.push(item);
  });
  assert.deepEqual(done, [1, 2, 3, 4, 5, 6, 7]);
  assert.equal(most, 3);
});

test("a failure is told", async () => {
  await assert.rejects(
    atOnce(2, [1, 2, 3], async (item) => {
      if (item === 2) throw new Error("two");
    }),
    /two/,
  );
});
