import assert from "node:assert/strict";
import { test } from "node:test";
import type { PodBrief } from "./pod-brief.ts";
import { countSoFar, countWhole } from "./pod-count.ts";

const brief = (name: string, phase = "Running", more: Partial<PodBrief> = {}): PodBrief => ({
  metadata: { uid: `uid-of-${name}`, namespace: "default", name },
  phase,
  cpu: 1,
  memory: 1024,
  holds: true,
  ...more,
});
const failed = brief("f", "Failed", {
  cpu: 0,
  memory: 0,
  holds: false,
  trouble: { reason: "E", message: "", from: 0 },
});

test("before any page is read, there are as many pods as the server told, and those that are not well", () => {
  const { phases, troubled, ...rest } = countSoFar([], { all: 10_000, unwell: [failed, brief("p", "Pending")] });
  assert.deepEqual(Object.fromEntries(phases), { Failed: 1, Pending: 1 });
  assert.deepEqual(
    troubled.map(({ metadata }) => metadata.name),
    ["f"],
  );
  assert.deepEqual(rest, { cpu: 1, memory: 1024, holding: 1, all: 10_000, counted: 2, isWhole: false });
});

test("a pod that was told before counts once when it is read, as it is then", () => {
  const read = [brief("a"), brief("p"), failed];
  const { phases, counted, holding } = countSoFar(read, { all: 10, unwell: [failed, brief("p", "Pending")] });
  assert.deepEqual(Object.fromEntries(phases), { Running: 2, Failed: 1 });
  assert.deepEqual([counted, holding], [3, 2]);
});

test("pods that came since are more than the server told", () => {
  assert.equal(countSoFar([brief("a"), brief("b")], { all: 1, unwell: [] }).all, 2);
});

test("where the server does not tell how many there are, the pages alone count", () => {
  for (const glance of [undefined, { all: undefined, unwell: [] }]) {
    const { all, counted } = countSoFar([brief("a")], glance);
    assert.deepEqual([all, counted], [undefined, 1]);
  }
});

test("at the end nothing counts but what was read", () => {
  const { phases, ...rest } = countWhole([brief("a"), failed]);
  assert.deepEqual(Object.fromEntries(phases), { Running: 1, Failed: 1 });
  assert.deepEqual([rest.all, rest.counted, rest.isWhole, rest.cpu], [2, 2, true, 1]);
});
