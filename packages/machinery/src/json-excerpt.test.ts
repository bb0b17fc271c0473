import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { jsonExcerpt } from "./json-excerpt.ts";

test("what is short is told as it is", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      assert.equal(jsonExcerpt(value, 1_000_000), JSON.stringify(value));
    }),
  );
  assert.equal(jsonExcerpt(undefined, 10), "null");
  assert.equal(
    jsonExcerpt({ a: undefined, b: [2n ** 60n], c: { toJSON: () => null } }, 99),
    '{"b":[1152921504606846976],"c":null}',
  );
});

test("of what is long the beginning is told", () => {
  assert.equal(jsonExcerpt([1, 2, 3], 4), "[1,2...");
  assert.equal(jsonExcerpt({ a: "xxxxxxxxxx", b: 1 }, 8), '{"a":"xx...');
  assert.equal(jsonExcerpt("xxxx", 3), '"xx...');
});

test("no more of a long value is looked at than is told", () => {
  let looks = 0;
  const items = Array.from({ length: 1000 }, () => ({ toJSON: () => ++looks }));
  assert.equal(jsonExcerpt({ items }, 20), '{"items":[1,2,3,4,5,...');
  assert.ok(looks < 10, `${looks} looks`);
});
