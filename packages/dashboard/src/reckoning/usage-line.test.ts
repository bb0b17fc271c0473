import assert from "node:assert/strict";
import { test } from "node:test";
import { usageLine } from "./usage-line.ts";

const SIZE = { width: 200, height: 110 };
const readings = (...amounts: number[]) => amounts.map((amount, at) => ({ at: 1000 + at * 15_000, amount }));

test("a line goes from the first reading to the last, and keeps room above the highest", () => {
  assert.deepEqual(usageLine(readings(0, 5, 10), [], SIZE), { path: "M0 110L100 60L200 10", bounds: [] });
});

test("times that differ lie apart as they do", () => {
  const apart = [0, 1, 4].map((at) => ({ at, amount: 10 }));
  assert.equal(usageLine(apart, [], SIZE).path, "M0 10L50 10L200 10");
});

test("one reading is a dot, none is nothing", () => {
  assert.equal(usageLine(readings(10), [], SIZE).path, "M0 10h0");
  assert.equal(usageLine([], [5], SIZE).path, "");
  assert.equal(usageLine(readings(0, 0), [], SIZE).path, "M0 110L200 110");
});

test("bounds that are near have their height, and those that are far away none", () => {
  const { path, bounds } = usageLine(readings(5, 10), [20, 1000, undefined, 0, 10], SIZE);
  assert.deepEqual(bounds, [10, undefined, undefined, undefined, 60]);
  assert.equal(path, "M0 85L200 60");
});
