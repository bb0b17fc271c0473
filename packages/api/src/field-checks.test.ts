import assert from "node:assert/strict";
import { test } from "node:test";
import { checkAtMostHundred, checkIntOrPercent, sameValue } from "./field-checks.ts";

test("absent lists and maps are empty ones, and lists differ by length", () => {
  assert.ok(sameValue({ a: [], b: {} }, {}));
  assert.ok(sameValue(null, undefined));
  assert.ok(!sameValue([{}], []));
  assert.ok(!sameValue({ a: 0 }, {}));
  assert.ok(!sameValue([1, 2], [2, 1]));
});

test("amounts are counts or percentages", () => {
  assert.deepEqual(checkIntOrPercent("f", "25%"), []);
  assert.equal(checkIntOrPercent("f", -1).length, 1);
  assert.equal(checkIntOrPercent("f", "half").length, 1);
  assert.equal(checkAtMostHundred("f", "101%").length, 1);
  assert.deepEqual(checkAtMostHundred("f", 101), []);
});
