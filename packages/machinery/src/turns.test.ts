/** Long work leaves others their turns, and comes to the same as in one go. */
import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { type ParseJsonOptions, parseJson, parseJsonInTurns, type WrittenFloat } from "./json.ts";
import { each, inTurns, myTurn, takesTurns } from "./turns.ts";

/** How many turns of the loop pass while something is done. */
async function turnsOf<T>(work: Promise<T>): Promise<{ value: T; turns: number }> {
  let turns = 0;
  let isOver = false;
  const count = (): void => {
    turns++;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  const value = await work.finally(() => {
    isOver = true;
  });
  return { value, turns };
}

test("in one turn of the loop one piece of long work is done", async () => {
  const order: string[] = [];
  let turn = 0;
  const count = (): void => {
    if (++turn < 10) setImmediate(count);
  };
  setImmediate(count);
  const work = async (name: string) => {
    for (let i = 0; i < 3; i++) {
      await myTurn();
      order.push(`${name}${turn}`);
    }
  };
  await Promise.all([work("a"), work("b")]);
  const turns = order.map((each) => Number(each.slice(1)));
  assert.equal(new Set(turns).size, 6, order.join());
  assert.deepEqual(
    order.map((each) => each[0]),
    ["a", "b", "a", "b", "a", "b"],
  );
});

test("a walk over a large value goes on where its piece was over", async () => {
  const value = Array.from({ length: 100 }, (_, i) => Array.from({ length: 100 }, (_, j) => [i, j]));
  const copied = (list: readonly unknown[]): unknown[] => {
    const out: unknown[] = [];
    each(list.length, (i) => {
      const item = list[i];
      // Takes its time.
      for (let n = 0; n < 100; n++) Math.hypot(n, i);
      out[i] = Array.isArray(item) ? copied(item) : item;
    });
    return out;
  };
  const plain = copied(value);
  const { value: made, turns } = await turnsOf(inTurns(() => copied(value)));
  assert.deepEqual(made, plain);
  assert.ok(turns > 2, `${turns} turns`);
  assert.equal(takesTurns(), false);
});

test("what goes wrong in any piece is told", async () => {
  const walk = () =>
    each(1_000_000, (i) => {
      if (i === 999_999) throw new Error("at the end");
    });
  await assert.rejects(inTurns(walk), /at the end/);
  assert.equal(takesTurns(), false);
});

const bytesOf = (text: string) => new TextEncoder().encode(text);

async function both(text: string): Promise<void> {
  const collecting = () => ({ duplicates: [] as string[], floats: [] as WrittenFloat[] });
  for (const options of [() => ({}), collecting]) {
    const [here, turned] = [options(), options()] as [ParseJsonOptions, ParseJsonOptions];
    const settle = (run: () => unknown) => {
      try {
        return { value: run() };
      } catch (error) {
        return { error: String(error) };
      }
    };
    const want = settle(() => parseJson(bytesOf(text), here));
    const got = await parseJsonInTurns(bytesOf(text), turned).then(
      (value) => ({ value }),
      (error: unknown) => ({ error: String(error) }),
    );
    assert.deepEqual(got, want);
    assert.deepEqual(turned, here);
  }
}

test("long JSON is read in turns as it is in one go", async () => {
  const items = Array.from({ length: 20_000 }, (_, i) => `{"name":"item-${i}","size":${i}}`).join(", ");
  const text = `{"a":[${items}],"b":{"long":"${"x".repeat(100_000)}"},"c":null}`;
  const { value, turns } = await turnsOf(parseJsonInTurns(bytesOf(text)));
  assert.deepEqual(value, JSON.parse(text));
  assert.ok(turns > 2, `${turns} turns`);
  await both(text);
});

test("whatever stands in long JSON is told as in short: what is wrong, what stands twice, how numbers are written", async () => {
  const filler = Array.from({ length: 700 }, (_, i) => `"f${i}":"${"y".repeat(20)}"`).join(",");
  const list = Array.from({ length: 3000 }, (_, i) => `[${i}]`).join(",");
  for (const part of [
    '"f3":1',
    '"x":{"a":1,"a":2}',
    '"x":[{"a":1},{"b":{},"b":{}}]',
    '"x":1.0',
    '"x":12345678901234567890',
    '"x":"\\ud800"',
    '"__proto__":{"a":1}',
    '"x":',
    '"x"',
    "",
    '"x":1,',
    '"x":[1,]',
    '"x":[1}',
    '"x":}',
    `"x":${"[".repeat(600)}1.0${"]".repeat(600)}`,
    `"x":${"[".repeat(10_001)}${"]".repeat(10_001)}`,
  ])
    for (const text of [
      `{${filler},${part},"g":[${list}]}`,
      `{"list":[${list},{${part}},${list}],${filler}}`,
      `{"list":[${list},${part},${list}]}`,
      `[${list}${part}`,
    ])
      await both(text);
  const pieces = fc.array(fc.oneof(fc.json(), fc.constantFrom(list, "{}", "", '"a":1', "]", `{${filler}}`)), {
    maxLength: 6,
  });
  await fc.assert(
    fc.asyncProperty(pieces, (parts) => both(`[${parts.join(",")}]`)),
    { numRuns: 8 },
  );
});
