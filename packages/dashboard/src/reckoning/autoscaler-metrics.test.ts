import assert from "node:assert/strict";
import { test } from "node:test";
import type { HorizontalPodAutoscaler } from "@kubets/api/generated/types/autoscaling-v2";
import { metricLines } from "./autoscaler-metrics.ts";

test("each metric is told in the measure of its target", () => {
  const metric = { name: "requests" };
  const spec = {
    metrics: [
      { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } } },
      { type: "Resource", resource: { name: "memory", target: { type: "AverageValue", averageValue: "1Gi" } } },
      { type: "External", external: { metric, target: { type: "Value", value: "10" } } },
      { type: "Pods", pods: { metric, target: { type: "AverageValue", averageValue: "5" } } },
    ],
  };
  const status = {
    currentMetrics: [
      { type: "External", external: { metric, current: { value: "7" } } },
      { type: "Resource", resource: { name: "cpu", current: { averageUtilization: 40, averageValue: "20m" } } },
      { type: "Resource", resource: { name: "memory", current: { averageValue: "512Mi" } } },
    ],
  };
  const lines = metricLines({ spec, status } as unknown as HorizontalPodAutoscaler);
  assert.deepEqual(lines, [
    { name: "cpu", current: "40 % (20m each)", target: "80 %" },
    { name: "memory", current: "512Mi each", target: "1Gi each" },
    { name: "requests (external)", current: "7", target: "10" },
    { name: "requests of pods", current: "unknown", target: "5 each" },
  ]);
});

test("before anything was measured the list comes as null", () => {
  const spec = {
    metrics: [{ type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } } }],
  };
  const lines = metricLines({ spec, status: { currentMetrics: null } } as unknown as HorizontalPodAutoscaler);
  assert.deepEqual(lines, [{ name: "cpu", current: "unknown", target: "80 %" }]);
});
