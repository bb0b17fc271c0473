import assert from "node:assert/strict";
import { test } from "node:test";
import type { Node } from "@kubets/api/generated/types/core-v1";
import { node } from "@kubets/api/testing/node-builder";
import { evictionRate, noExecuteTaints, noScheduleTaints, silentConditions, UNREACHABLE, zoneState } from "./plan.ts";

const with_ = (status: string, more: object = {}): Node => {
  const made = node("a").build();
  return {
    ...made,
    status: { ...made.status, conditions: [{ type: "Ready", status }] },
    spec: { ...made.spec, ...more },
  } as Node;
};
const keys = (taints: readonly { key: string }[] | undefined) => taints?.map(({ key }) => key);

test("taints say what conditions say", () => {
  assert.equal(noScheduleTaints(with_("True"), 0), undefined);
  assert.deepEqual(keys(noScheduleTaints(with_("Unknown"), 0)), [UNREACHABLE]);
  assert.deepEqual(keys(noScheduleTaints(with_("True", { unschedulable: true }), 0)), [
    "node.kubernetes.io/unschedulable",
  ]);
  const other = { key: "k", effect: "NoSchedule" };
  const stale = { key: "node.kubernetes.io/not-ready", effect: "NoSchedule" };
  assert.deepEqual(keys(noScheduleTaints(with_("True", { taints: [other, stale] }), 0)), ["k"]);
  assert.deepEqual(keys(noExecuteTaints(with_("Unknown"), UNREACHABLE, 0)), [UNREACHABLE]);
  assert.equal(noExecuteTaints(with_("True"), undefined, 0), undefined);
});

test("a silent node's conditions become unknown, and those it never had are told", () => {
  const reasons = silentConditions(with_("True"), 0).map(({ type, status, reason }) => `${type} ${status} ${reason}`);
  assert.deepEqual(reasons, [
    "Ready Unknown NodeStatusUnknown",
    "MemoryPressure Unknown NodeStatusNeverUpdated",
    "DiskPressure Unknown NodeStatusNeverUpdated",
    "PIDPressure Unknown NodeStatusNeverUpdated",
  ]);
});

test("how fast a zone is emptied depends on how much of it is left", () => {
  const rates = { nodeEvictionRate: 0.1, secondaryNodeEvictionRate: 0.01, largeClusterSizeThreshold: 50 };
  for (const [ready, notReady, state, rate] of [
    [3, 0, "Normal", 0.1],
    [1, 2, "Normal", 0.1],
    [2, 3, "PartialDisruption", 0],
    [30, 40, "PartialDisruption", 0.01],
    [0, 2, "FullDisruption", 0.1],
  ] as const) {
    assert.equal(zoneState(ready, notReady, 0.55), state);
    assert.equal(evictionRate(state, ready + notReady, rates), rate);
  }
});
