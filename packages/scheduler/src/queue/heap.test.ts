import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Heap } from "./heap.ts";

interface Item {
  readonly key: string;
  readonly rank: number;
}

test("agrees with a sorted list", () => {
  const operation = fc.tuple(fc.constantFrom("set", "delete", "pop"), fc.integer({ min: 0, max: 12 }), fc.nat(20));
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
      const heap = new Heap<Item>(
        (item) => item.key,
        (a, b) => a.rank - b.rank,
      );
      const naive = new Map<string, Item>();
      for (const [what, n, rank] of operations) {
        const key = String(n);
        if (what === "set") {
          heap.set({ key, rank });
          naive.set(key, { key, rank });
        } else if (what === "delete") assert.equal(heap.delete(key) !== undefined, naive.delete(key));
        else {
          const least = Math.min(...[...naive.values()].map((item) => item.rank));
          const popped = heap.pop();
          assert.equal(popped?.rank ?? Infinity, least);
          if (popped) naive.delete(popped.key);
        }
        assert.equal(heap.size, naive.size);
      }
    }),
    { numRuns: 300 },
  );
});
