/** A node without containers: a kubelet over a runtime in memory, whose API is served on a port of its own on this machine's loopback. */
import {
  type KubeletConfig,
  kubeletDefaults,
  MemoryDisk,
  readMachine,
  serveKubelet,
  startKubelet,
} from "@kubets/kubelet";
import { courseOf, resultOf } from "@kubets/kubelet/runtime/simulated/commands";
import { SimulatedRuntime } from "@kubets/kubelet/runtime/simulated/runtime";
import type { ClusterPki } from "../cluster/pki.ts";
import { type ControlPlaneParts, clientAs } from "../control-plane/control-plane.ts";

export interface SimulatedNode {
  /** Resolves when it has been registered. */
  readonly ready: Promise<void>;
  stop(): Promise<void>;
}

export interface SimulatedNodeParts extends Omit<ControlPlaneParts, "signal"> {
  readonly pki: ClusterPki;
  readonly config: Pick<KubeletConfig, "clusterDns" | "clusterDomain" | "file">;
}

/** Each node has a part of it. */
export const POD_RANGE = "10.244.0.0/14";
const podRangeOf = (index: number): string => `10.${244 + (index >> 8)}.${index & 255}.0/24`;

const LOOPBACK = "127.0.0.1";
/** Requests of one node: so few that those of a hundred nodes fit into the queues of their level; with fewer, statuses that wait are written more often. */
const AT_ONCE = 16;

export async function startSimulatedNode(
  name: string,
  index: number,
  parts: SimulatedNodeParts,
): Promise<SimulatedNode> {
  const { clock, random, log, pki } = parts;
  const user = { name: `system:node:${name}`, groups: ["system:nodes"] };
  const disk = new MemoryDisk();
  const port = Promise.withResolvers<number>();
  const runtime = new SimulatedRuntime({
    clock,
    random,
    disk,
    podCidr: podRangeOf(index),
    images: ["*"],
    script: {
      course: ({ config }) => courseOf(config),
      exec: ({ config: { envs } }, command) => resultOf({ command: [...command], envs }),
    },
  });
  const serving = pki.certificate(`kubelet-${name}`, {
    commonName: user.name,
    organizations: user.groups,
    usages: ["serverAuth"],
    ipAddresses: [LOOPBACK],
  });
  const kubelet = await startKubelet({
    client: clientAs(parts, user, `kubelet/${name}`, AT_ONCE),
    runtime,
    nodeName: name,
    clock,
    random,
    log,
    disk,
    paths: { root: "/var/lib/kubelet", podLogs: "/var/log/pods" },
    machine: await readMachine("/"),
    addresses: [LOOPBACK],
    port: port.promise,
    config: { ...kubeletDefaults, ...parts.config },
    probe: async () => ({ result: "success", output: "" }),
  });
  const listener = await serveKubelet({ kubelet, tls: { ...serving, clientCa: pki.caPem }, host: LOOPBACK, port: 0 });
  port.resolve(listener.port);
  return {
    ready: kubelet.ready,
    async stop() {
      await kubelet.stop();
      await listener.close();
      runtime.close();
    },
  };
}
