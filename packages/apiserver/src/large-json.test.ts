/** Large values are written in turns, and sent to another thread in parts, as they are in one go. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { stringifyJson } from "@kubets/machinery/json";
import fc from "fast-check";
import { isLarge } from "./large.ts";
import { jsonInTurns } from "./large-json.ts";
import { partsOf, withPart } from "./long-work/parts.ts";

const many = Array.from({ length: 1200 }, (_, i) => ({ name: `item-${i}`, size: i, list: [i, [i]] }));
const nested = (depth: number, inner: unknown): unknown =>
  depth === 0 ? inner : { a: nested(depth - 1, inner), b: 1 };
const byName = Object.fromEntries(many.map((item) => [item.name, item]));
const VALUES: unknown[] = [
  null,
  "x".repeat(100_000),
  {},
  [],
  { a: many, b: 1, c: {} },
  [1, many, [], many, 2],
  { byName, "7": 1, "1": 2, text: "y".repeat(50_000), big: 12345678901234567890n },
  nested(50, many),
  JSON.parse(`{"__proto__":{"a":1},"rest":${JSON.stringify(many)}}`),
];

const inParts = (value: unknown): unknown => {
  let made: unknown;
  for (const part of partsOf(value)) made = withPart(made, structuredClone(part));
  return made;
};

test("in turns the same is written as in one go", async () => {
  for (const value of VALUES)
    assert.equal(Buffer.concat(await jsonInTurns(value)).toString(), stringifyJson(value as never));
  let turns = 0;
  let isOver = false;
  const count = (): void => {
    turns++;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  await jsonInTurns(Array.from({ length: 60 }, () => many));
  isOver = true;
  assert.ok(turns > 2, `${turns} turns`);
});

test("in parts the same arrives, and no part is much", () => {
  for (const value of VALUES) assert.deepEqual(inParts(value), value);
  for (const { part } of partsOf({ a: many, byName }))
    assert.ok(JSON.stringify(part).length < 50_000, "a part is large");
  fc.assert(
    fc.property(fc.array(fc.jsonValue(), { maxLength: 3 }), (values) => {
      const value = values.flatMap((one) => [one, many]);
      assert.deepEqual(inParts(value), structuredClone(value));
    }),
    { numRuns: 5 },
  );
});

test("what is large is seen without looking at all of it", () => {
  assert.equal(isLarge({ metadata: { name: "a" }, spec: { replicas: 1 } }), false);
  assert.equal(isLarge({ text: "x".repeat(40_000) }), true);
  let looked = 0;
  const list = new Proxy(many, {
    get(target, key, receiver) {
      looked++;
      return Reflect.get(target, key, receiver) as unknown;
    },
  });
  assert.equal(isLarge(list), true);
  assert.ok(looked < 1100, `${looked} looked at`);
});
