/** All that a node runs of Kubets, in one process inside the node's namespaces: the kubelet, the proxy, DNS and the pod network. */
import { mkdirSync } from "node:fs";
import { hostname } from "node:os";
import { connectionFrom } from "@kubets/client/kubeconfig/connection";
import { openClient } from "@kubets/client/kubeconfig/open-client";
import { machineReading } from "@kubets/client/kubeconfig/reading";
import {
  criRuntime,
  type Kubelet,
  kubeletDefaults,
  machineExec,
  podCgroups,
  readMachine,
  realDisk,
  startKubelet,
} from "@kubets/kubelet";
import type { Clock, Logger, Random } from "@kubets/machinery";
import type { FlagValues } from "@kubets/machinery/flags";
import type { agentFlags } from "./options.ts";

export type AgentFlags = FlagValues<typeof agentFlags>;

export interface AgentParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export interface RunningAgent {
  readonly kubelet: Kubelet;
  /** Containers go on. */
  stop(): Promise<void>;
}

export async function runAgent(flags: AgentFlags, { clock, random, log }: AgentParts): Promise<RunningAgent> {
  const nodeName = flags["node-name"] || hostname();
  const connection = await connectionFrom(
    { kubeconfig: flags.kubeconfig },
    machineReading((text) => log.warn(text)),
  );
  const { client, transport } = await openClient(connection, `kubets-agent/${nodeName}`);
  const paths = { root: flags["root-dir"], podLogs: flags["pod-logs-dir"] };
  for (const folder of Object.values(paths)) mkdirSync(folder, { recursive: true });
  const kubelet = await startKubelet({
    client,
    runtime: criRuntime({ endpoint: flags["container-runtime-endpoint"] }),
    nodeName,
    clock,
    random,
    log: log.with({ component: "kubelet" }),
    disk: realDisk(machineExec()),
    paths,
    machine: await readMachine(paths.root),
    addresses: flags["node-ip"],
    cgroups: podCgroups({ root: flags["cgroup-root"], driver: "cgroupfs", log }),
    config: {
      ...kubeletDefaults,
      clusterDns: flags["cluster-dns"],
      clusterDomain: flags["cluster-domain"],
      maxPods: flags["max-pods"],
      nodeLabels: Object.fromEntries(flags["node-labels"].map((label) => label.split("=", 2) as [string, string])),
      cgroupRoot: flags["cgroup-root"],
    },
  });
  await kubelet.ready;
  log.info("node ready", { node: nodeName });
  return {
    kubelet,
    async stop() {
      await kubelet.stop();
      await transport.close();
    },
  };
}
