import assert from "node:assert/strict";
import { test } from "node:test";
import { clone } from "./clone.ts";

test("a copy is equal and shares nothing", () => {
  const value = { a: [{ b: 1 }, null, 2n], c: { d: "e" }, f: [], g: undefined };
  const copy = clone(value);
  assert.deepEqual(copy, value);
  assert.notEqual(copy.a, value.a);
  assert.notEqual(copy.a[0], value.a[0]);
  assert.notEqual(copy.f, value.f);
});

test("a frozen empty list stays itself", () => {
  const list = Object.freeze([]);
  assert.equal(clone({ list }).list, list);
});

test("keys are plain whatever they are called", () => {
  const value = JSON.parse('{"__proto__":{"x":1}}') as object;
  const copy = clone(value);
  assert.deepEqual(Object.keys(copy), ["__proto__"]);
  assert.equal(Object.getPrototypeOf(copy), Object.prototype);
});
