/** How many replicas a usage asks for, by table: the arithmetic, the tolerance, pods that are not ready or tell nothing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PodGroups } from "./pod-groups.ts";
import { byShare, byTotal, byUsage, byUtilization } from "./replica-count.ts";

const tolerances = { scaleUp: 0.1, scaleDown: 0.1 };
const groups = (usages: readonly number[], more: Partial<PodGroups> = {}): PodGroups => ({
  ready: usages.length,
  unready: [],
  missing: [],
  metrics: new Map(usages.map((usage, i) => [`pod-${i}`, usage])),
  ...more,
});
const requests = new Map(Array.from({ length: 8 }, (_, i) => [`pod-${i}`, 1000]));

test("by utilization of requests", () => {
  const replicas = (usages: number[], target: number, more?: Partial<PodGroups>, current = usages.length) =>
    byUtilization(groups(usages, more), requests, current, target, tolerances).replicas;
  assert.equal(replicas([300, 500, 700], 30), 5);
  assert.equal(replicas([100, 100, 100], 50), 1);
  assert.equal(replicas([510, 510], 50), 2, "within the tolerance");
  assert.equal(
    replicas([300, 500, 700], 30, { unready: ["pod-3"] }, 4),
    5,
    "an unready one takes nothing on the way up",
  );
  assert.equal(
    replicas([100, 100], 50, { missing: ["pod-2", "pod-3"] }, 4),
    4,
    "missing ones take all on the way down",
  );
  assert.equal(
    replicas([900, 900], 50, { missing: ["pod-2", "pod-3", "pod-4"] }, 5),
    5,
    "and never turn the direction",
  );
});

test("what the status tells comes from the metrics that were there", () => {
  const told = byUtilization(groups([200, 400], { missing: ["pod-2"] }), requests, 3, 50, tolerances);
  assert.deepEqual([told.utilization, told.usage], [30, 300]);
});

test("by average usage", () => {
  const replicas = (usages: number[], target: number, more?: Partial<PodGroups>) =>
    byUsage(groups(usages, more), usages.length, target, tolerances).replicas;
  assert.equal(replicas([20_000, 10_000, 30_000], 15_000), 4);
  assert.equal(replicas([10_000, 10_000, 10_000], 20_000), 2);
  assert.equal(replicas([10_000], 10_500), 1);
});

test("by one value for all, and by one that is shared", () => {
  assert.equal(byTotal(30_000, 3, () => 3, 15_000, tolerances).replicas, 6);
  assert.equal(byTotal(30_000, 0, () => 0, 15_000, tolerances).replicas, 2, "from nothing");
  assert.deepEqual(byShare(10_000, 3, 2000, tolerances), { usage: 3334, replicas: 5 });
});

test("without any metric nothing is said", () => {
  assert.throws(
    () => byUsage(groups([], { unready: ["pod-0"] }), 1, 1000, tolerances),
    /did not receive metrics for targeted pods/,
  );
  assert.throws(
    () => byUtilization(groups([100]), new Map(), 1, 50, tolerances),
    /no metrics returned matched known pods/,
  );
});
