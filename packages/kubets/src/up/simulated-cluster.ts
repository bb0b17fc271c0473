/** A cluster without containers: the same control plane and the same kubelets, over runtimes that keep containers in memory. Needs no root. */
import { kubeletDefaults } from "@kubets/kubelet";
import { type Logger, realClock, realRandom } from "@kubets/machinery";
import { atOnce } from "@kubets/machinery/at-once";
import { ExitError, exitCode } from "@kubets/machinery/exit-codes";
import { parseGates } from "@kubets/machinery/feature-gates";
import { parseFlags } from "@kubets/machinery/flags";
import { dnsAddresses } from "../cluster/addresses.ts";
import type { ClusterHome } from "../cluster/home.ts";
import { serverFlags } from "../server/options.ts";
import { runServer } from "../server/run-server.ts";
import { portTaken } from "./port-taken.ts";
import type { Progress } from "./progress.ts";
import type { LocalCluster } from "./real-cluster.ts";
import { POD_RANGE, type SimulatedNode, startSimulatedNode } from "./simulated-node.ts";

export interface SimulatedClusterOptions {
  readonly home: ClusterHome;
  readonly nodes: readonly string[];
  readonly port: number;
  readonly serverArgs: readonly string[];
  readonly log: Logger;
  readonly progress: Progress;
  /** Aborted by who does not want to wait for it any longer. */
  readonly signal: AbortSignal;
}

/** Nodes that start; the server would tell more of them to come again later. */
const AT_ONCE = 16;

export async function startSimulatedCluster({
  home,
  nodes,
  port,
  serverArgs,
  log,
  progress,
  signal,
}: SimulatedClusterOptions): Promise<LocalCluster> {
  const stopping = new AbortController();
  const parts = { clock: realClock, random: realRandom, log, signal: stopping.signal };
  const { values } = parseFlags(serverFlags, [
    `--cluster=${home.name}`,
    "--bind-address=127.0.0.1",
    `--secure-port=${port}`,
    `--cluster-cidr=${POD_RANGE}`,
    ...serverArgs,
  ]);
  const server = await progress.step("control plane", () =>
    runServer(values, "127.0.0.1", parts).catch((error: unknown) => {
      throw portTaken(error, port);
    }),
  );
  const started = new Map<string, Promise<SimulatedNode>>();
  const config = {
    clusterDns: dnsAddresses(values["service-cluster-ip-range"].split(",")),
    clusterDomain: values["cluster-domain"],
    file: { ...kubeletDefaults.file, featureGates: parseGates(values["feature-gates"]) },
  };
  let ranges = 0;
  const addNode = async (name: string) => {
    const node = startSimulatedNode(name, ranges++, {
      ...parts,
      server: server.api.server,
      pki: server.pki,
      config,
    });
    started.set(name, node);
    await (await node).ready;
  };
  const removeNode = async (name: string) => {
    const node = started.get(name);
    started.delete(name);
    await (await node?.catch(() => undefined))?.stop();
  };
  const stop = async () => {
    await Promise.all([...started.keys()].map(removeNode));
    stopping.abort();
    await server.close();
    return [];
  };
  try {
    const add = async (name: string) => {
      if (!signal.aborted) await addNode(name);
    };
    await progress.step("simulated nodes", () => unlessStopped(() => atOnce(AT_ONCE, nodes, add), signal));
  } catch (error) {
    await stop();
    if (signal.aborted) throw new ExitError(exitCode.interrupted, "stopped while it started; the data stays");
    throw error;
  }
  return {
    apiPort: server.api.listener.port,
    addNode,
    removeNode,
    stop,
  };
}

async function unlessStopped(work: () => Promise<unknown>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const stopped = Promise.withResolvers<never>();
  const listener = () => stopped.reject(signal.reason as Error);
  signal.addEventListener("abort", listener, { once: true });
  await Promise.race([work(), stopped.promise]).finally(() => signal.removeEventListener("abort", listener));
}
