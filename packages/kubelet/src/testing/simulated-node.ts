/** A kubelet over a simulated runtime on a virtual clock, with an API in memory: a node for tests in a few lines. */
import { createEventRecorder } from "@kubets/client/cluster-event-recorder";
import { seededRandom, silentLogger, VirtualClock } from "@kubets/machinery";
import type { PodCgroups } from "../cgroups/pod-cgroups.ts";
import { type KubeletConfig, kubeletDefaults } from "../config.ts";
import { MemoryDisk } from "../disk/memory-disk.ts";
import type { Exec } from "../exec.ts";
import { type Kubelet, startKubelet } from "../kubelet.ts";
import type { KubeletOptions } from "../kubelet-options.ts";
import type { KernelLog } from "../node/kernel-log.ts";
import type { MachineFacts } from "../node/machine.ts";
import type { ProberOptions } from "../probes/prober.ts";
import type { MachineTopology } from "../resources/machine-topology.ts";
import { SimulatedRuntime } from "../runtime/simulated/runtime.ts";
import type { SimulationScript } from "../runtime/simulated/script.ts";
import { NodeApi } from "./node-api.ts";

export const simulatedMachine: MachineFacts = {
  cpuMilli: 4000,
  memoryBytes: 16 * 2 ** 30,
  diskBytes: 100 * 2 ** 30,
  machineId: "simulated",
  systemUuid: "simulated",
  bootId: "simulated",
  kernelVersion: "6.1.0",
  osImage: "simulated",
  architecture: "amd64",
};

export interface SimulatedNode {
  readonly clock: VirtualClock;
  readonly api: NodeApi;
  readonly runtime: SimulatedRuntime;
  readonly disk: MemoryDisk;
  readonly kubelet: Kubelet;
  stop(): Promise<void>;
}

export interface SimulatedNodeOptions {
  readonly script?: SimulationScript;
  readonly config?: Partial<KubeletConfig>;
  readonly probe?: ProberOptions["attempt"];
  readonly observe?: KubeletOptions["observe"];
  readonly fetch?: KubeletOptions["fetch"];
  readonly shutdowns?: KubeletOptions["shutdowns"];
  readonly exec?: Exec;
  readonly kernelLog?: KernelLog;
  readonly cgroups?: PodCgroups;
  readonly topology?: MachineTopology;
  /** Without an API server. */
  readonly alone?: boolean;
  /** Of an earlier node, to start again over the same runtime. */
  readonly over?: Partial<Pick<SimulatedNode, "clock" | "api" | "runtime" | "disk">>;
}

/** Runs with a node that is stopped afterwards. */
export async function withSimulatedNode(
  options: SimulatedNodeOptions,
  run: (node: SimulatedNode) => Promise<void>,
): Promise<void> {
  const node = await simulatedNode(options);
  try {
    await run(node);
  } finally {
    await node.stop();
  }
}

export async function simulatedNode({
  script,
  config,
  probe,
  observe,
  fetch,
  shutdowns,
  exec,
  kernelLog,
  cgroups,
  topology,
  alone = false,
  over,
}: SimulatedNodeOptions = {}): Promise<SimulatedNode> {
  const clock = over?.clock ?? new VirtualClock();
  const random = seededRandom(7);
  const api = over?.api ?? new NodeApi(clock);
  const disk = over?.disk ?? new MemoryDisk();
  const runtime =
    over?.runtime ?? new SimulatedRuntime({ clock, random, disk, images: ["*"], ...(script && { script }) });
  const kubelet = await startKubelet({
    ...(!alone && { client: api.client }),
    runtime,
    nodeName: "node-1",
    clock,
    random,
    log: silentLogger,
    disk,
    paths: { root: "/var/lib/kubelet", podLogs: "/var/log/pods" },
    machine: simulatedMachine,
    addresses: ["192.0.2.10"],
    config: { ...kubeletDefaults, ...config },
    events: createEventRecorder({
      client: api.client,
      clock,
      random,
      log: silentLogger,
      component: "kubelet",
      host: "node-1",
    }),
    ...(probe && { probe }),
    ...(fetch && { fetch }),
    ...(shutdowns && { shutdowns }),
    ...(exec && { exec }),
    ...(kernelLog && { kernelLog: () => kernelLog }),
    ...(cgroups && { cgroups }),
    ...(topology && { topology }),
    // Nothing runs low on a node that uses nothing.
    observe: observe ?? (async () => ({})),
  });
  await clock.advance(0);
  await kubelet.ready;
  return { clock, api, runtime, disk, kubelet, stop: () => kubelet.stop() };
}
