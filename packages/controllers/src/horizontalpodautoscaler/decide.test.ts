/** What counts when metrics disagree, or some of them are missing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { decide, type MetricOutcome, needsMetrics } from "./decide.ts";
import { MetricError } from "./proposals.ts";

const spec = { scaleTargetRef: { kind: "Deployment", name: "web" }, minReplicas: 2, maxReplicas: 10 };
const asks = (replicas: number, name = "cpu"): MetricOutcome => ({
  proposal: { replicas, name, status: { type: "Resource" } },
});
const fails: MetricOutcome = {
  error: new MetricError("FailedGetPodsMetric", "none", "failed to get pods metric value: none"),
};

test("bounds come before metrics", () => {
  assert.deepEqual(
    [1, 2, 10, 11, 0].map((current) => needsMetrics(spec, current)),
    [false, true, true, false, false],
  );
  assert.deepEqual([decide(spec, 1, undefined).replicas, decide(spec, 11, undefined).replicas], [2, 10]);
  assert.equal(decide(spec, 0, undefined).disabled, true);
});

test("the largest proposal counts", () => {
  const { replicas, reason } = decide(spec, 3, [asks(4, "a"), asks(6, "b"), asks(5, "c")]);
  assert.deepEqual([replicas, reason], [6, "b above target"]);
  assert.equal(decide(spec, 8, [asks(4), asks(6)]).reason, "All metrics below target");
});

test("with a metric missing it may grow and not shrink", () => {
  assert.equal(decide(spec, 3, [fails, asks(5)]).replicas, 5);
  const shrinking = decide(spec, 8, [asks(5), fails]);
  assert.match(shrinking.error ?? "", /^invalid metrics \(1 invalid out of 2\), first error is: failed to get pods/);
  assert.deepEqual(shrinking.statuses, [{ type: "Resource" }, { type: "" }]);
  assert.equal(shrinking.conditions[0]?.reason, "FailedGetPodsMetric");
});
