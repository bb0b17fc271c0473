import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { randomInt, seededRandom } from "@kubets/machinery/random";
import { prefixRange, SortedIndex } from "./sorted-index.ts";
import type { Entry } from "./storage.ts";

const value = new Uint8Array(0);
const entry = (key: string, revision = 1): Entry => ({ key, value, revision, created: 1 });

describe("SortedIndex", () => {
  it("agrees with a sorted array under random changes", () => {
    const random = seededRandom(7);
    const index = new SortedIndex();
    const model = new Map<string, Entry>();
    for (let step = 0; step < 20_000; step++) {
      const key = `/registry/${"abc"[randomInt(random, 3)]}/${randomInt(random, step < 12_000 ? 6000 : 300)}`;
      // Fills up first, then empties: leaves split and merge.
      if (random.float() < (step < 10_000 ? 0.8 : 0.3)) {
        assert.equal(index.set(entry(key, step)), model.get(key));
        model.set(key, index.get(key) as Entry);
      } else {
        assert.equal(index.delete(key), model.get(key));
        model.delete(key);
      }
      if (step % 500 === 0) agree(index, model, `/registry/${"abcd"[step % 4]}/`);
    }
    for (const key of model.keys()) {
      index.delete(key);
      model.delete(key);
    }
    agree(index, model, "");
  });

  it("is built from unsorted entries", () => {
    const entries = Array.from({ length: 1000 }, (_, i) => entry(`k${(i * 7919) % 1000}`));
    agree(SortedIndex.from([...entries]), new Map(entries.map((e) => [e.key, e])), "k1");
    assert.equal(SortedIndex.from([]).size, 0);
  });
});

function agree(index: SortedIndex, model: ReadonlyMap<string, Entry>, prefix: string): void {
  assert.equal(index.size, model.size);
  const keys = [...model.keys()].filter((key) => key.startsWith(prefix)).sort();
  assert.deepEqual(
    index.list(prefixRange(prefix)).map((e) => e.key),
    keys,
  );
  assert.equal(index.count(prefixRange(prefix)), keys.length);
  const middle = keys[keys.length >> 1];
  if (middle === undefined) return;
  assert.equal(index.count(prefixRange(prefix, middle)), keys.length - (keys.length >> 1) - 1);
  assert.equal(index.list(prefixRange(prefix, middle), 3)[0]?.key, keys[(keys.length >> 1) + 1]);
}
