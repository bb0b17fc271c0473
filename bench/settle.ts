/**
 * A whole cluster on simulated nodes: how long Deployments take until all their pods are available, from the first request on, over HTTPS; how many
 * requests each pod took of whom, what the cluster's process (all of it: API server, controllers, scheduler, every kubelet) used for it beyond what it
 * uses in that time when nothing happens, and what the API server alone uses for those requests.
 *
 *   node bench/settle.ts [--deployments 1000] [--pods 10] [--nodes 100]
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { deployments } from "@kubets/api/generated/refs";
import { connectionFrom } from "@kubets/client/kubeconfig/connection";
import { openClient } from "@kubets/client/kubeconfig/open-client";
import { machineReading } from "@kubets/client/kubeconfig/reading";
import { defineFlags, int, parseFlags } from "@kubets/machinery/flags";
import { upCluster } from "../e2e/cluster.ts";
import { cpuOfPodRequests } from "./pod-requests.ts";

const flags = defineFlags({
  deployments: int({ help: "How many Deployments.", default: 1000 }),
  pods: int({ help: "How many pods each.", default: 10 }),
  nodes: int({ help: "How many nodes.", default: 100 }),
});
const { values } = parseFlags(flags, process.argv.slice(2));
const AT_ONCE = 16;
const IDLE_MS = 10_000;

const CLOCK_TICKS = 100;

/** Milliseconds of CPU so far: of all threads, and of the one that everything but storage and long work runs in. */
function cpuOf(pid: number): { all: number; loop: number } {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return {
    all: ((Number(stat[11]) + Number(stat[12])) / CLOCK_TICKS) * 1000,
    loop: Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, "utf8").split(" ")[0]) / 1e6,
  };
}

/** How often each verb was asked of each resource, from the server's own metrics. */
function requestCounts(metrics: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [, labels = "", count] of metrics.matchAll(/^apiserver_request_total\{(.*)\} (\d+)$/gm)) {
    const label = (name: string) => new RegExp(`\\b${name}="([^"]*)"`).exec(labels)?.[1] ?? "";
    const subresource = label("subresource");
    const what = `${label("verb")} ${label("resource")}${subresource && `/${subresource}`}${label("code") >= "400" ? ` (${label("code")})` : ""}`;
    counts.set(what, (counts.get(what) ?? 0) + Number(count));
  }
  return counts;
}

const cluster = upCluster({ nodes: values.nodes, suffix: "set", flags: ["--simulated", "--addons", "none"] });
try {
  const reading = machineReading();
  const { client, transport } = await openClient(
    await connectionFrom({ kubeconfig: cluster.kubeconfig }, reading),
    "bench",
  );
  const available = new Map<string, number>();
  const { promise: settled, resolve } = Promise.withResolvers<void>();
  let sum = 0;
  const { metadata } = await client.list(deployments, { namespace: "default" });
  const watch = await client.watch(
    deployments,
    { namespace: "default", resourceVersion: metadata.resourceVersion },
    {
      events(batch) {
        for (const { object } of batch) {
          const now = object.status?.availableReplicas ?? 0;
          sum += now - (available.get(object.metadata.name) ?? 0);
          available.set(object.metadata.name, now);
        }
        if (sum === values.deployments * values.pods) resolve();
      },
      closed: () => {},
    },
  );
  const labels = { app: "web" };
  const template = { metadata: { labels }, spec: { containers: [{ name: "c", image: "kubets.local/pause:1" }] } };
  const { pid } = JSON.parse(readFileSync(join(cluster.home, cluster.name, "run/cluster.json"), "utf8"));
  const asked = () => requestCounts(cluster.kubectl(["get", "--raw", "/metrics"]));
  const askedBefore = asked();
  const cpuAtRest = cpuOf(pid);
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
  const cpuBefore = cpuOf(pid);
  const from = performance.now();
  const seconds = () => (performance.now() - from) / 1000;
  let next = 0;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let i = next++; i < values.deployments; i = next++)
        await client.create(deployments, {
          metadata: { namespace: "default", name: `web-${i}` },
          spec: { replicas: values.pods, selector: { matchLabels: labels }, template },
        });
    }),
  );
  const created = seconds();
  await settled;
  const total = values.deployments * values.pods;
  console.log(
    `${values.deployments} Deployments of ${values.pods} on ${values.nodes} simulated nodes: created in ${created.toFixed(1)} s, all available after ${seconds().toFixed(1)} s, ${Math.round(total / seconds())} pods/s`,
  );
  const cpu = cpuOf(pid);
  const idle = (of: "all" | "loop") => (cpuBefore[of] - cpuAtRest[of]) / IDLE_MS;
  const each = (of: "all" | "loop") => (cpu[of] - cpuBefore[of] - idle(of) * seconds() * 1000) / total;
  console.log(
    `CPU a pod: ${each("all").toFixed(2)} ms, ${each("loop").toFixed(2)} ms of it in the main thread, beyond ${(idle("all") * 1000).toFixed(0)} ms a second when nothing happens`,
  );
  const answered = asked();
  const all = (of: Map<string, number>) => of.values().reduce((a, b) => a + b, 0);
  console.log(`requests answered: ${Math.round((all(answered) - all(askedBefore)) / seconds())} a second`);
  for (const [what, count] of [...answered].sort(([, a], [, b]) => b - a)) {
    const share = (count - (askedBefore.get(what) ?? 0)) / total;
    if (share >= 0.01) console.log(`  ${share.toFixed(2)} ${what}`);
  }
  console.log(`the API server alone for the requests of a pod: ${(await cpuOfPodRequests(total)).toFixed(2)} ms`);
  watch.stop();
  await transport.close();
} finally {
  cluster.down();
}
