import assert from "node:assert/strict";
import { test } from "node:test";
import { NativeBuckets, type NativeBucketsMessage } from "./native-buckets.ts";

/** Which buckets have how many, by where they end. */
function told({ schema, positiveSpan, positiveDelta }: NativeBucketsMessage): Map<number, number> {
  const counts = new Map<number, number>();
  let index = 0;
  let count = 0;
  let at = 0;
  for (const { offset, length } of positiveSpan) {
    index += offset;
    for (let i = 0; i < length; i++, index++) {
      count += positiveDelta[at++] as number;
      if (count > 0) counts.set(2 ** (index * 2 ** -schema), count);
    }
  }
  assert.equal(at, positiveDelta.length);
  return counts;
}

const after = (values: readonly number[]): NativeBucketsMessage => {
  const buckets = new NativeBuckets();
  for (const value of values) buckets.observe(value, 1);
  return buckets.message();
};

test("each value is counted in the bucket that it lies in: above the end of the one before, up to its own", () => {
  const values = [1e-30, 0.0007, 0.001, 0.5, 0.51, 1, 1.05, 1.1, 2, 3, 1000, 1e9, 1e300];
  for (const value of values) {
    const message = after([value]);
    assert.equal(message.schema, 3);
    const [[end = 0, count] = []] = told(message);
    assert.equal(count, 1);
    assert.ok(value <= end * (1 + 1e-12) && value > end / 2 ** (1 / 8) / (1 + 1e-12), `${value} is not up to ${end}`);
  }
  assert.deepEqual(
    [...told(after([1, 1, 2, 4])).entries()],
    [
      [1, 2],
      [2, 1],
      [4, 1],
    ],
  );
});

test("what is near zero, below it, without end or no number", () => {
  const message = after([0, -0, 1e-40, -1e-40, -1, -8, Infinity, -Infinity, Number.NaN]);
  assert.equal(message.zeroThreshold, 2 ** -128);
  assert.equal(message.zeroCount, 4);
  assert.deepEqual(message.positiveSpan, [{ offset: 8193, length: 1 }]);
  assert.deepEqual(message.negativeSpan, [
    { offset: 0, length: 1 },
    { offset: 23, length: 1 },
    { offset: 8168, length: 1 },
  ]);
  assert.deepEqual(message.negativeDelta, [1, 0, 0]);
});

test("short gaps stay within a span", () => {
  const base = 2 ** (1 / 8);
  const values = [1, 1, 1, base ** 3 * 0.99, base ** 7 * 0.99];
  const message = after(values);
  assert.deepEqual(message.positiveSpan, [
    { offset: 0, length: 4 },
    { offset: 3, length: 1 },
  ]);
  assert.deepEqual(message.positiveDelta, [3, -3, 0, 1, 0]);
});

test("where buckets are too many, each two become one, and nothing is lost", () => {
  const values = Array.from({ length: 400 }, (_, i) => 1.09 ** (i - 200));
  const message = after(values);
  const counts = told(message);
  assert.equal(message.schema, 1);
  assert.ok(counts.size <= 160);
  assert.equal(
    [...counts.values()].reduce((sum, count) => sum + count, 0),
    400,
  );
  for (const [end, count] of counts)
    assert.equal(values.filter((value) => value <= end && value > end / Math.SQRT2).length, count, String(end));
  const wide = after(Array.from({ length: 600 }, (_, i) => 2 ** (i - 100)));
  assert.equal(wide.schema, -2);
  assert.equal(
    [...told(wide).values()].reduce((sum, count) => sum + count, 0),
    600,
  );
});
