import assert from "node:assert/strict";
import { test } from "node:test";
import type { Node, Pod } from "@kubets/api/generated/types/core-v1";
import { pod } from "@kubets/api/testing/pod-builder";
import { nodeMetrics, podMetrics } from "./objects.ts";
import { parseScrape, usageBetween } from "./usage.ts";

const scrape = (cpu: number, at: number) =>
  parseScrape(
    [
      "# TYPE node_cpu_usage_seconds_total counter",
      `node_cpu_usage_seconds_total ${cpu * 2} ${at}`,
      `node_memory_working_set_bytes 4096000 ${at}`,
      `container_cpu_usage_seconds_total{container="c",namespace="default",pod="a"} ${cpu} ${at}`,
      `container_memory_working_set_bytes{container="c",namespace="default",pod="a"} 2.048e+06 ${at}`,
      "other 1",
    ].join("\n"),
    at,
  );

const running = (made: Pod): Pod => ({
  ...made,
  status: {
    containerStatuses: made.spec.containers.map(({ name }) => ({
      name,
      image: "",
      imageID: "",
      ready: true,
      restartCount: 0,
      state: { running: { startedAt: "2026-01-01T00:00:00Z" } },
      lastState: {},
    })),
  },
});

test("usage is what was counted between two scrapes", () => {
  const usage = usageBetween(scrape(10, 1000), scrape(10.5, 6000));
  assert.deepEqual(usage.get("node"), { nanoCores: 2e8, memoryBytes: 4_096_000, at: 6000, windowMs: 5000 });
  const node = { metadata: { name: "n" } } as Node;
  assert.deepEqual(nodeMetrics(node, usage, 7000), {
    kind: "NodeMetrics",
    apiVersion: "metrics.k8s.io/v1beta1",
    metadata: { name: "n", creationTimestamp: "1970-01-01T00:00:07Z" },
    timestamp: "1970-01-01T00:00:06Z",
    window: "5s",
    usage: { cpu: "200m", memory: "4000Ki" },
  });
  const found = podMetrics(running(pod("a").container("c").build()), usage, 7000) as { containers: object[] };
  assert.deepEqual(found.containers, [{ name: "c", usage: { cpu: "100m", memory: "2000Ki" } }]);
});

test("a counter that began anew counts for nothing, and a pod is shown when all of it was measured", () => {
  assert.equal(usageBetween(scrape(10, 1000), scrape(1, 6000)).size, 0);
  const usage = usageBetween(scrape(10, 1000), scrape(10.5, 6000));
  assert.equal(podMetrics(running(pod("a").container("c").container("d").build()), usage, 0), undefined);
  assert.equal(podMetrics(pod("a").container("c").build(), usage, 0), undefined);
});
