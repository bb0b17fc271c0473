/**
 * The pure scheduling rate: pods per second, the 99th percentile of a decision, CPU per pod (of all, and of the last fifth beside the second:
 * what grows with the cluster shows there), memory, with a client that answers each binding at once and no API server. What is measured is queue, decision, assumption and events (bench/scheduler-scenarios.ts says of which pods).
 *
 *   node bench/scheduler.ts [--nodes 500,5000] [--pods 10000] [--scenario basic,claims]
 */
import type { Node } from "@kubets/api/generated/types/core-v1";
import { node } from "@kubets/api/testing/node-builder";
import { pod } from "@kubets/api/testing/pod-builder";
import { realClock, seededRandom, silentLogger } from "@kubets/machinery";
import { defineFlags, int, list, parseFlags } from "@kubets/machinery/flags";
import { defaultConfig } from "@kubets/scheduler/config/config";
import type { Plugin } from "@kubets/scheduler/framework/plugin";
import { startScheduler } from "@kubets/scheduler/scheduler";
import { MemoryCluster } from "@kubets/scheduler/testing/memory-cluster";
import { SCENARIOS, type Scenario } from "./scheduler-scenarios.ts";

const ZONES = 3;
const flags = defineFlags({
  nodes: list({ help: "How many nodes, one measurement each.", default: ["500", "5000"] }),
  pods: int({ help: "How many pods, where a scenario does not set it.", default: 10_000 }),
  scenario: list({ help: `Which: ${Object.keys(SCENARIOS).join(", ")}; all by default.` }),
});

/** Stands in front of all plugins, and takes the time from the beginning of a decision to its end. */
function stopwatch(times: number[]): Plugin {
  let began = 0;
  const end = () => void times.push(performance.now() - began);
  return {
    name: "Stopwatch",
    hints: [],
    preFilter: () => void (began = performance.now()),
    reserve: end,
    postFilter: () => (end(), undefined),
  };
}

async function measure(name: string, scenario: Scenario, nodes: readonly Node[], asked: number): Promise<void> {
  const cluster = new MemoryCluster();
  const count = scenario.pods?.(nodes.length, asked) ?? asked;
  const plain = (i: number) => pod(`pod-${i}`).requests({ cpu: "100m", memory: "500Mi" });
  const pods = Array.from({ length: count }, (_, i) => (scenario.pod?.(plain(i), i) ?? plain(i)).build());
  for (const object of [...nodes, ...(scenario.before?.(nodes, count) ?? [])]) cluster.put(object);
  const abort = new AbortController();
  const times: number[] = [];
  const ahead = { enabled: [{ name: "Stopwatch" }], disabled: [] };
  const profile = {
    schedulerName: "default-scheduler",
    plugins: { preFilter: ahead, reserve: ahead, postFilter: ahead },
    pluginConfig: {},
  };
  const scheduler = startScheduler({
    client: cluster.client,
    cache: cluster.cache,
    events: cluster.recorder,
    clock: realClock,
    random: seededRandom(1),
    log: silentLogger,
    signal: abort.signal,
    config: { ...defaultConfig, profiles: [profile] },
    registry: { Stopwatch: () => stopwatch(times) },
  });
  await scheduler.ready;
  const bound = new Set<string>();
  const done = Promise.withResolvers<void>();
  const wanted = count - (scenario.left?.(count) ?? 0);
  const spent = () => process.cpuUsage().user + process.cpuUsage().system;
  const fifth = Math.floor(wanted / 5);
  /** CPU when so many fifths were bound. */
  const marks = new Map<number, number>();
  cluster.fault = (request) => {
    if (request.startsWith("bind default/pod-")) bound.add(request);
    if (bound.size % fifth === 0 && !marks.has(bound.size / fifth)) marks.set(bound.size / fifth, spent());
    if (bound.size === wanted) done.resolve();
    return undefined;
  };
  const start = performance.now();
  const cpu = process.cpuUsage();
  for (const made of pods) cluster.put(made);
  const end = scenario.meanwhile?.(cluster, pods);
  await done.promise;
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  end?.();
  abort.abort();
  times.sort((a, b) => a - b);
  const ofFifth = (i: number) => (((marks.get(i) ?? 0) - (marks.get(i - 1) ?? 0)) / fifth).toFixed(0);
  const p99 = times[Math.floor(times.length * 0.99)] ?? 0;
  console.log(
    [
      name.padEnd(24),
      `${nodes.length} nodes`.padStart(10),
      `${count} pods`.padStart(11),
      `${Math.round(wanted / seconds)} pods/s`.padStart(13),
      `p99 ${p99.toFixed(2)} ms`.padStart(14),
      `${((user + system) / count).toFixed(0)} us CPU a pod`.padStart(19),
      `(${ofFifth(2)}, last ${ofFifth(5)})`.padStart(18),
      `${Math.round(process.memoryUsage().rss / 2 ** 20)} MB`.padStart(9),
    ].join("  "),
  );
}

const nodesOf = (count: number, { node: own }: Scenario): Node[] =>
  Array.from({ length: count }, (_, i) => {
    const made = node(`node-${i}`)
      .labels({ "topology.kubernetes.io/zone": `zone-${i % ZONES}` })
      .capacity({ cpu: "32", memory: "128Gi", pods: "110" });
    return (own?.(made) ?? made).build();
  });

const { values } = parseFlags(flags, process.argv.slice(2));
for (const name of values.scenario.length ? values.scenario : Object.keys(SCENARIOS)) {
  const scenario = SCENARIOS[name];
  if (!scenario)
    throw new Error(`there is no scenario ${JSON.stringify(name)}; there are ${Object.keys(SCENARIOS).join(", ")}`);
  for (const count of values.nodes) await measure(name, scenario, nodesOf(Number(count), scenario), values.pods);
}
// Timers of what has no end by itself.
process.exit(0);
