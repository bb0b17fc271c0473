import assert from "node:assert/strict";
import { test } from "node:test";
import { deepEqual } from "./deep-equal.ts";

const cases: [string, unknown, unknown, boolean][] = [
  ["order", { a: 1, b: [2] }, { b: [2], a: 1 }, true],
  ["undefined and absent", { a: 1, b: undefined }, { a: 1 }, true],
  ["one more", { a: 1 }, { a: 1, b: 2 }, false],
  ["one less", { a: 1, b: null }, { a: 1 }, false],
  ["numbers", { a: 1 }, { a: 1n }, true],
  ["names that every object inherits", { constructor: "x" }, {}, false],
  ["the same, the other way round", {}, { toString: "x" }, false],
  ["own __proto__", JSON.parse('{"__proto__":{}}'), {}, false],
  ["own __proto__, the other way round", {}, JSON.parse('{"__proto__":{}}'), false],
  ["both __proto__", JSON.parse('{"__proto__":{"a":1}}'), JSON.parse('{"__proto__":{"a":1}}'), true],
  ["list and object", [], {}, false],
];

for (const [name, a, b, equal] of cases) test(name, () => assert.equal(deepEqual(a, b), equal));
