/**
 * `node bench/idle-pods.ts [pods] [seconds]`: what a node's own process (kubelet, proxy, DNS, network) costs while its pods do nothing. A cluster of the
 * bench's own with real containers; needs root.
 */
import { readFileSync } from "node:fs";
import { setTimeout as pass } from "node:timers/promises";
import { eventually, upCluster, whyNoContainers } from "../e2e/cluster.ts";
import { processesOf } from "../e2e/soak/victims.ts";

const [pods = 100, seconds = 20] = process.argv.slice(2).map(Number);
const reason = whyNoContainers();
if (reason) {
  console.log(`not run: ${reason}`);
  process.exit(0);
}

/** Milliseconds of CPU that a process has used. */
const cpuOf = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
};
const memoryOf = (pid: number): number =>
  Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1]) / 1024;

const cluster = upCluster({ nodes: 1 });
try {
  const labels = { app: "idle" };
  const spec = { terminationGracePeriodSeconds: 0, containers: [{ name: "c", image: "kubets.local/demo:1" }] };
  const deployment = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "idle" },
    spec: { replicas: pods, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  };
  const begin = performance.now();
  cluster.kubectl(["apply", "-f", "-"], { input: JSON.stringify(deployment) });
  await eventually(
    "all pods are ready",
    async () => {
      await pass(500);
      const path = "jsonpath={.status.readyReplicas}";
      return Number(cluster.kubectl(["get", "deployment", "idle", "-o", path])) === pods;
    },
    180_000,
  );
  console.log(`${pods} pods of a Deployment ready after ${((performance.now() - begin) / 1000).toFixed(1)} s`);
  await pass(10_000);
  const [agent = 0] = processesOf("agent", cluster.home, cluster.name);
  const before = cpuOf(agent);
  await pass(seconds * 1000);
  const percent = (cpuOf(agent) - before) / (seconds * 10);
  console.log(`idle with ${pods} pods: ${percent.toFixed(2)} % of a core, ${Math.round(memoryOf(agent))} MB`);
} finally {
  cluster.down();
}
