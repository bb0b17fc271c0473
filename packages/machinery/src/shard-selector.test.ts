import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { fnv1a64 } from "./hash.ts";
import { evenShard, hasHash, hasObject, PAST_ALL, shardHash, shardSelectorText } from "./shard-selector.ts";

test("FNV-1a of 64 bits, as it is published", () => {
  assert.equal(fnv1a64(""), "cbf29ce484222325");
  assert.equal(fnv1a64("a"), "af63dc4c8601ec8c");
  assert.equal(fnv1a64("foobar"), "85944171f73967e8");
});

test("FNV-1a of 64 bits is what plain arithmetic gives", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 40 }), (text) => {
      let hash = 0xcbf29ce484222325n;
      for (const byte of Buffer.from(text)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
      assert.equal(fnv1a64(text), hash.toString(16).padStart(16, "0"));
    }),
  );
});

describe("a shard selector", () => {
  const range = (start: string, end: string) => ({ field: "object.metadata.uid" as const, ranges: [{ start, end }] });

  test("has the start of a range, and not its end", () => {
    const hash = "0x8000000000000000";
    assert.equal(hasHash(range(hash, "0x8000000000000001"), hash), true);
    assert.equal(hasHash(range("0x0000000000000000", hash), hash), false);
    assert.equal(hasHash(range(hash, PAST_ALL), "0xffffffffffffffff"), true);
    assert.equal(hasHash({ ...range(hash, PAST_ALL), ranges: [] }, hash), false);
  });

  test("looks at the field that it names; what has no namespace has an empty one", () => {
    const metadata = { uid: "a", namespace: "b" };
    const only = (field: "object.metadata.uid" | "object.metadata.namespace", value: string) => {
      const start = shardHash(value);
      const end = `0x${(BigInt(start) + 1n).toString(16).padStart(16, "0")}`;
      return { field, ranges: [{ start, end }] };
    };
    assert.equal(hasObject(only("object.metadata.uid", "a"), { metadata }), true);
    assert.equal(hasObject(only("object.metadata.uid", "b"), { metadata }), false);
    assert.equal(hasObject(only("object.metadata.namespace", "b"), { metadata }), true);
    assert.equal(hasObject(only("object.metadata.namespace", ""), { metadata: { uid: "a" } }), true);
  });

  test("is said as the original says it", () => {
    const half = "shardRange(object.metadata.uid, '0x0000000000000000', '0x8000000000000000')";
    assert.equal(shardSelectorText(evenShard(0, 2)), half);
    const namespaces = evenShard(1, 2, "object.metadata.namespace");
    assert.equal(
      shardSelectorText({ ...namespaces, ranges: [...namespaces.ranges, ...evenShard(0, 4).ranges] }),
      "shardRange(object.metadata.namespace, '0x8000000000000000', '0x10000000000000000') || " +
        "shardRange(object.metadata.namespace, '0x0000000000000000', '0x4000000000000000')",
    );
  });
});

test("of even shards, however many, each hash has exactly one", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), fc.string(), (count, text) => {
      const all = Array.from({ length: count }, (_, index) => evenShard(index, count));
      for (const hash of [shardHash(text), "0x0000000000000000", "0xffffffffffffffff"])
        assert.equal(all.filter((shard) => hasHash(shard, hash)).length, 1);
    }),
  );
});
