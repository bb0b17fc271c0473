/**
 * The pure scheduling rate: pods per second and CPU per pod, with a client that answers each binding at once and no API server. Nodes are
 * of three zones, pods ask for CPU and memory and are bound one by one; what is measured is queue, decision, assumption and events.
 *
 *   node bench/scheduler.ts [--nodes 5000] [--pods 10000] [--kind plain|anti-affinity|preferred|spread|service|unschedulable]
 */
import type { Node, Pod } from "@kubets/api/generated/types/core-v1";
import { node } from "@kubets/api/testing/node-builder";
import type { PodBuilder } from "@kubets/api/testing/pod-builder";
import { pod } from "@kubets/api/testing/pod-builder";
import { service } from "@kubets/api/testing/service-builder";
import { realClock, seededRandom, silentLogger } from "@kubets/machinery";
import { defineFlags, int, parseFlags, text } from "@kubets/machinery/flags";
import { startScheduler } from "@kubets/scheduler/scheduler";
import { MemoryCluster } from "@kubets/scheduler/testing/memory-cluster";

const ZONES = 3;
const SELECTED = { labelSelector: { matchLabels: { app: "x" } } };

/** What makes the pods of a kind; `i` counts them. */
const KINDS: Readonly<Record<string, (pod: PodBuilder, i: number) => PodBuilder>> = {
  plain: (made) => made,
  /** Ten sets whose pods share no node. */
  "anti-affinity": (made, i) =>
    made.labels({ set: `s${i % 10}` }).spec({
      affinity: {
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            { labelSelector: { matchLabels: { set: `s${i % 10}` } }, topologyKey: "kubernetes.io/hostname" },
          ],
        },
      },
    }),
  preferred: (made) =>
    made.labels({ app: "x" }).spec({
      affinity: {
        podAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            { weight: 10, podAffinityTerm: { ...SELECTED, topologyKey: "topology.kubernetes.io/zone" } },
          ],
        },
      },
    }),
  spread: (made) =>
    made.labels({ app: "x" }).spec({
      topologySpreadConstraints: [
        { ...SELECTED, maxSkew: 5, topologyKey: "topology.kubernetes.io/zone", whenUnsatisfiable: "DoNotSchedule" },
      ],
    }),
  /** Pods of a service: the system's default spreading applies. */
  service: (made) => made.labels({ app: "x" }),
  /** Every tenth fits nowhere. */
  unschedulable: (made, i) => (i % 10 === 0 ? made.requests({ cpu: "1000" }) : made),
};

const flags = defineFlags({
  nodes: int({ help: "How many nodes.", default: 5000 }),
  pods: int({ help: "How many pods.", default: 10_000 }),
  kind: text({ help: `Which pods: ${Object.keys(KINDS).join(", ")}; all kinds where it is empty.` }),
});

async function measure(kind: string, nodes: readonly Node[], pods: readonly Pod[]): Promise<void> {
  const cluster = new MemoryCluster();
  cluster.put(...nodes, service("x").selector({ app: "x" }).build());
  const abort = new AbortController();
  const scheduler = startScheduler({
    client: cluster.client,
    cache: cluster.cache,
    events: cluster.recorder,
    clock: realClock,
    random: seededRandom(1),
    log: silentLogger,
    signal: abort.signal,
  });
  await scheduler.ready;
  const start = performance.now();
  const cpu = process.cpuUsage();
  cluster.put(...pods);
  const wanted = pods.filter(({ spec }) => spec.containers[0]?.resources?.requests?.cpu !== "1000").length;
  const bound = () => cluster.requests.filter((request) => request.startsWith("bind")).length;
  while (bound() < wanted) await new Promise((resolve) => setTimeout(resolve, 20));
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  abort.abort();
  const perPod = (user + system) / pods.length;
  console.log(
    `${kind.padEnd(14)} ${nodes.length} nodes ${pods.length} pods: ${Math.round(pods.length / seconds)} pods/s, ` +
      `${perPod.toFixed(0)} us CPU per pod`,
  );
}

const { values } = parseFlags(flags, process.argv.slice(2));
const nodes = Array.from({ length: values.nodes }, (_, i) =>
  node(`node-${i}`)
    .labels({ "topology.kubernetes.io/zone": `zone-${i % ZONES}` })
    .capacity({ cpu: "32", memory: "128Gi" })
    .build(),
);
for (const kind of values.kind ? [values.kind] : Object.keys(KINDS)) {
  const make = KINDS[kind];
  if (!make) throw new Error(`there is no kind ${JSON.stringify(kind)}; there are ${Object.keys(KINDS).join(", ")}`);
  const pods = Array.from({ length: values.pods }, (_, i) =>
    make(pod(`pod-${i}`).requests({ cpu: "100m", memory: "500Mi" }), i).build(),
  );
  await measure(kind, nodes, pods);
}
