/** 1,000 simulated nodes in one process: each takes a pod, and pods of all of them have addresses of their own. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, PATIENCE, upCluster } from "../cluster.ts";

const NODES = 1000;

test("1,000 simulated nodes run pods in one process", async (t) => {
  const cluster = upCluster({ nodes: NODES, suffix: "many", flags: ["--simulated", "--addons", "none"] });
  t.after(() => cluster.down());
  const labels = { app: "many" };
  const everywhere = {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name: "many" },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: "c", image: "demo" }] } },
    },
  };
  cluster.kubectl(["apply", "-f", "-"], { input: JSON.stringify(everywhere) });
  await eventually(
    "a pod on each node to be ready",
    () => Number(cluster.kubectl(["get", "ds", "many", "-o", "jsonpath={.status.numberReady}"])) === NODES,
    180_000 * PATIENCE,
  );
  const path = "jsonpath={range .items[*]}{.status.podIP} {.spec.nodeName}{'\\n'}{end}";
  const pods = cluster.kubectl(["get", "pods", "-l", "app=many", "-o", path]).trim().split("\n");
  const distinct = (column: 0 | 1) => new Set(pods.map((line) => line.split(" ")[column])).size;
  assert.deepEqual([distinct(0), distinct(1)], [NODES, NODES]);
  assert.match(cluster.kubectl(["logs", "ds/many"]), /^$/);
});
