/** Pods move from one controller to another, whatever their readiness does on the way. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@kubets/machinery";
import { randomInt } from "@kubets/machinery/random";
import { growth, isOver, shrinking } from "./plan.ts";

test("enough stay available, not too many stand, and it ends", () => {
  const random = seededRandom(11);
  for (let round = 0; round < 300; round++) {
    const [original, desired] = [randomInt(random, 6), 1 + randomInt(random, 5)];
    const sizes = { old: original, next: 0 };
    const ready = { old: original, next: 0 };
    let steps = 0;
    while (!isOver(sizes, desired)) {
      assert.ok(steps++ < 200, JSON.stringify({ original, desired, sizes, ready }));
      sizes.next = growth(sizes, desired);
      assert.ok(sizes.old + sizes.next <= Math.max(original, desired + 1));
      // Some time passes: one more or none becomes ready.
      if (ready.next < sizes.next) ready.next += randomInt(random, 2);
      const before = ready.old + ready.next;
      sizes.old = shrinking(sizes, desired, ready);
      ready.old = Math.min(ready.old, sizes.old);
      assert.ok(ready.old + ready.next >= Math.min(before, desired));
    }
  }
});
