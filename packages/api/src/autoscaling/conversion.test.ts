import assert from "node:assert/strict";
import { test } from "node:test";
import { created } from "../resource-hooks.fixture.ts";
import { fromV2, toV2 } from "./conversion.ts";
import { horizontalPodAutoscalerResource } from "./horizontal-pod-autoscaler.ts";
import { horizontalPodAutoscalerV1Resource } from "./horizontal-pod-autoscaler-v1.ts";
import { METRICS } from "./round-trip.ts";

const scaleTargetRef = { apiVersion: "apps/v1", kind: "Deployment", name: "web" };
const cpu = { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 60 } } };

test("what v1 has no fields for survives the way there and back", () => {
  const metrics = [
    cpu,
    { type: "Resource", resource: { name: "memory", target: { type: "AverageValue", averageValue: "100Mi" } } },
    { type: "Pods", pods: { metric: { name: "rps" }, target: { type: "AverageValue", averageValue: "1k" } } },
    {
      type: "Object",
      object: {
        describedObject: { apiVersion: "networking.k8s.io/v1", kind: "Ingress", name: "main" },
        metric: { name: "hits", selector: { matchLabels: { a: "b" } } },
        target: { type: "Value", value: "10" },
      },
    },
    { type: "External", external: { metric: { name: "queue" }, target: { type: "AverageValue", averageValue: "30" } } },
  ];
  const behavior = { scaleDown: { stabilizationWindowSeconds: 10 } };
  const { object } = created(horizontalPodAutoscalerResource, {
    spec: { scaleTargetRef, maxReplicas: 5, metrics, behavior },
  });
  const v1 = fromV2(object);
  assert.equal(v1.spec.targetCPUUtilizationPercentage, 60);
  // The CPU, which v1 has a field for, comes last.
  const [first, ...others] = object.spec.metrics ?? [];
  assert.deepEqual(toV2(v1), { ...object, spec: { ...object.spec, metrics: [...others, first] } });
});

test("v1 without a target means the default one", () => {
  const { object } = created(horizontalPodAutoscalerV1Resource, { spec: { scaleTargetRef, maxReplicas: 5 } });
  assert.equal(object.spec.targetCPUUtilizationPercentage, 80);
});

test("an annotation that holds something else does not count", () => {
  const { object } = created(horizontalPodAutoscalerV1Resource, {
    metadata: { annotations: { [METRICS]: '[{"type":"Pods","pods":{"targetAverageValue":"many"}}]' } },
    spec: { scaleTargetRef, maxReplicas: 5, targetCPUUtilizationPercentage: 50 },
  });
  assert.deepEqual(toV2(object).spec.metrics?.length, 1);
});
