/**
 * Random writes against a naive model that keeps a whole copy of every state. All reads, at any revision it remembers, and all
 * watches, from any of them, must agree with it.
 */
import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { bytes, Collector, eventually, type OpenHarness, type StorageHarness, text } from "./harness.ts";

interface State {
  readonly revision: number;
  readonly entries: ReadonlyMap<string, { value: string; revision: number; created: number }>;
  /** The change that led here, as the collectors show it. */
  readonly change: string;
}

type Operation =
  | { do: "put" | "delete"; key: string; expect: "any" | "none" | "right" | "stale" }
  | { do: "list"; prefix: string; at: number | undefined; limit: number | undefined; after: string | undefined }
  | { do: "get"; key: string; at: number | undefined }
  | { do: "compact"; at: number }
  | { do: "reopen" };

const key = fc.constantFrom("a", "a/", "a/x", "a/x/y", "a0", "b", "b-c", "b/c", "c/d/e");
/** A place in the history, from the newest (0) to the oldest (1). */
const place = fc.double({ min: 0, max: 1, noNaN: true });
const maybe = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined });

const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("put" as const),
      key,
      expect: fc.constantFrom("any", "none", "right", "right", "stale"),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("delete" as const),
      key,
      expect: fc.constantFrom("any", "none", "right", "right", "stale"),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("list" as const),
      prefix: fc.constantFrom("", "a", "a/", "b", "c/", "d"),
      at: maybe(place),
      limit: maybe(fc.integer({ min: 1, max: 5 })),
      after: maybe(key),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("get" as const), key, at: maybe(place) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("compact" as const), at: place }) },
  { weight: 1, arbitrary: fc.constant({ do: "reopen" as const }) },
);

export function modelCase(open: OpenHarness, numRuns: number): void {
  it("agrees with a naive model under random operations", { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 1, maxLength: 60 }), place, async (operations, watchFrom) => {
        const harness = await open();
        try {
          await replay(harness, operations, watchFrom);
        } finally {
          await harness.dispose();
        }
      }),
      { numRuns },
    );
  });
}

async function replay(harness: StorageHarness, operations: readonly Operation[], watchFrom: number): Promise<void> {
  const { under } = harness;
  let { storage } = harness;
  const states: State[] = [{ revision: await storage.currentRevision(), entries: new Map(), change: "" }];
  let live = new Collector(storage, under, (states[0] as State).revision);
  const before: string[] = [];
  let oldest = 0;
  const pick = (at: number) => states.length - 1 - Math.floor(at * (states.length - 1 - oldest));

  for (const [step, op] of operations.entries()) {
    const now = { ...harness, storage };
    if (op.do === "reopen") {
      if (!harness.reopen) continue;
      before.push(...live.lines(under));
      storage = await harness.reopen();
      live = new Collector(storage, under, (states.at(-1) as State).revision);
    } else if (op.do === "list") await checkList(now, states, op, op.at === undefined ? undefined : pick(op.at));
    else if (op.do === "get") await checkGet(now, states, op.key, op.at === undefined ? undefined : pick(op.at));
    else if (op.do === "compact") {
      oldest = pick(op.at);
      await storage.compact((states[oldest] as State).revision);
    } else await write(now, states, op, step);
  }

  const from = pick(watchFrom);
  const late = new Collector(storage, under, (states[from] as State).revision);
  const end = (states.at(-1) as State).revision;
  const expected = states.slice(1).map((state) => state.change);
  await eventually(
    "both watches saw all",
    () => before.length + live.changes.length >= expected.length && late.changes.length >= expected.length - from,
  );
  if (storage.exclusive && live.changes.length > 0) assert.equal(live.upTo, end);
  assert.deepEqual([...before, ...live.lines(under)], expected);
  assert.deepEqual(late.lines(under), expected.slice(from));
  live.handle.stop();
  late.handle.stop();
}

async function write(
  { storage, under }: StorageHarness,
  states: State[],
  op: Operation & { do: "put" | "delete" },
  step: number,
): Promise<void> {
  const now = states.at(-1) as State;
  const there = now.entries.get(op.key);
  const expect = { any: undefined, none: 0, right: there?.revision ?? 0, stale: (there?.revision ?? now.revision) - 1 }[
    op.expect
  ];
  const value = `${op.key}#${step}`;
  const result = await storage.commit({
    key: under + op.key,
    value: op.do === "put" ? () => bytes(value) : null,
    ...(expect !== undefined && { expect }),
  });
  const fits = (expect === undefined || expect === (there?.revision ?? 0)) && (op.do === "put" || there !== undefined);
  assert.equal(result.ok, fits);
  const told = result.ok ? result.previous : result.current;
  assert.deepEqual(told && { value: text(told), revision: told.revision, created: told.created }, there);
  if (!result.ok) return;

  assert.ok(result.revision > now.revision);
  const entries = new Map(now.entries);
  if (op.do === "put")
    entries.set(op.key, { value, revision: result.revision, created: there?.created ?? result.revision });
  else entries.delete(op.key);
  const was = there?.value ?? "-";
  states.push({
    revision: result.revision,
    entries,
    change: op.do === "put" ? `put ${op.key}=${value} was ${was}` : `delete ${op.key} was ${was}`,
  });
}

async function checkGet(
  { storage, under }: StorageHarness,
  states: State[],
  name: string,
  which: number | undefined,
): Promise<void> {
  const state = states[which ?? states.length - 1] as State;
  const found = await storage.get(under + name, which === undefined ? undefined : state.revision);
  assert.deepEqual(
    found && { value: text(found), revision: found.revision, created: found.created },
    state.entries.get(name),
  );
}

async function checkList(
  { storage, under }: StorageHarness,
  states: State[],
  op: Operation & { do: "list" },
  which: number | undefined,
): Promise<void> {
  const state = states[which ?? states.length - 1] as State;
  const page = await storage.list(under + op.prefix, {
    ...(which !== undefined && { at: state.revision }),
    ...(op.limit !== undefined && { limit: op.limit }),
    ...(op.after !== undefined && { after: under + op.after }),
  });
  const all = [...state.entries.keys()]
    .filter((name) => name.startsWith(op.prefix) && (op.after === undefined || name > op.after))
    .sort();
  const expected = all.slice(0, op.limit);
  assert.deepEqual(
    page.entries.map((entry) => ({
      key: entry.key,
      value: text(entry),
      revision: entry.revision,
      created: entry.created,
    })),
    expected.map((name) => ({ key: under + name, ...state.entries.get(name) })),
  );
  assert.equal(page.remaining, all.length - expected.length);
  if (storage.exclusive || which !== undefined) assert.equal(page.revision, state.revision);
  if (op.after === undefined && which === undefined) assert.equal(await storage.count(under + op.prefix), all.length);
}
