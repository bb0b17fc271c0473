/** Horizontal autoscaling as a whole, on a virtual clock: metrics that the test makes up, the scale of a Deployment that follows them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { deployments, events, horizontalpodautoscalers, pods } from "@kubets/api/generated/refs";
import type { Transport } from "@kubets/client";
import { formatTime } from "@kubets/machinery/time";
import { startCluster, type TestCluster } from "./cluster.ts";

const MINUTE = 60_000;

/** Answers for the metrics API with what each pod uses; 404 while nothing is known. */
function withMetrics(cluster: TestCluster, usage: { cpu?: string }): (transport: Transport) => Transport {
  const answer = async (status: number, text: string) => {
    const bytes = new TextEncoder().encode(text);
    return {
      status,
      headers: {},
      bytes: async () => bytes,
      stream: async function* () {
        yield bytes;
      },
    };
  };
  return (transport) => ({
    ...transport,
    async request(request) {
      if (!request.path.startsWith("/apis/metrics.k8s.io/")) return transport.request(request);
      if (usage.cpu === undefined) return answer(404, "404 page not found\n");
      const items = (await cluster.list(pods)).map(({ metadata }) => ({
        metadata: { name: metadata.name, namespace: metadata.namespace },
        timestamp: formatTime(cluster.clock.now()),
        window: "10s",
        containers: [{ name: "c", usage: { cpu: usage.cpu } }],
      }));
      return answer(200, JSON.stringify({ kind: "PodMetricsList", items }));
    },
  });
}

test("a Deployment follows the use of its pods, within bounds and not too fast down", {
  timeout: 180_000,
}, async () => {
  const cluster = await startCluster({
    copies: 0,
    controllers: ["deployment", "replicaset", "horizontalpodautoscaling"],
  });
  try {
    const usage: { cpu?: string } = {};
    void cluster.runControllers(0, new AbortController().signal, withMetrics(cluster, usage));
    const containers = [{ name: "c", image: "a", resources: { requests: { cpu: "100m" } } }];
    await cluster.create(deployments, {
      metadata: { namespace: "default", name: "web" },
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: "web" } },
        template: { metadata: { labels: { app: "web" } }, spec: { containers } },
      },
    });
    await cluster.create(horizontalpodautoscalers, {
      metadata: { namespace: "default", name: "web" },
      spec: {
        scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" },
        minReplicas: 1,
        maxReplicas: 5,
        metrics: [
          { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 50 } } },
        ],
      },
    });
    const replicas = async () => (await cluster.get(deployments, "web")).spec.replicas;
    const condition = async (type: string) =>
      (await cluster.get(horizontalpodautoscalers, "web")).status.conditions?.find((each) => each.type === type)
        ?.reason;
    const toBe = (count: number, limitMs?: number) => cluster.until(async () => (await replicas()) === count, limitMs);

    await cluster.until(async () => (await condition("ScalingActive")) === "FailedGetResourceMetric");
    assert.equal(await replicas(), 2, "without metrics nothing is done");

    usage.cpu = "90m";
    await toBe(4);
    assert.equal(await condition("ScalingActive"), "ValidMetricFound");
    await toBe(5);
    await cluster.until(async () => (await condition("ScalingLimited")) === "TooManyReplicas");

    usage.cpu = "10m";
    await cluster.until(async () => (await condition("AbleToScale")) === "ScaleDownStabilized");
    await cluster.at(3 * MINUTE);
    assert.equal(await replicas(), 5, "the largest of the last five minutes counts");
    await toBe(1, 4 * MINUTE);

    const told = (await cluster.list(events))
      .filter(
        ({ involvedObject, reason }) =>
          involvedObject.kind === "HorizontalPodAutoscaler" && reason === "SuccessfulRescale",
      )
      .map(({ message }) => message);
    assert.deepEqual(told, [
      "New size: 4; reason: cpu resource utilization (percentage of request) above target",
      "New size: 5; reason: cpu resource utilization (percentage of request) above target",
      "New size: 1; reason: All metrics below target",
    ]);
    const { status } = await cluster.get(horizontalpodautoscalers, "web");
    assert.deepEqual(status.currentMetrics[0]?.resource?.current, { averageUtilization: 10, averageValue: "10m" });

    await cluster.client.patch(
      deployments,
      { namespace: "default", name: "web" },
      { type: "merge", body: { spec: { replicas: 9 } } },
    );
    await toBe(5);
  } finally {
    await cluster.stop();
  }
});
