/** A whole node for tests: a containerd of its own, a kubelet on it, and an API in memory. */
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  cgroupfs,
  criRuntime,
  type Kubelet,
  type KubeletConfig,
  kubeletDefaults,
  machineExec,
  podCgroups,
  type Runtime,
  readMachine,
  realDisk,
  startKubelet,
  systemdSlices,
} from "@kubets/kubelet";
import { NodeApi } from "@kubets/kubelet/testing/node-api";
import { createLogger, realClock, realRandom, silentLogger } from "@kubets/machinery";
import { type Containerd, startContainerd } from "./containerd.ts";
import { netnsDialer } from "./netns-dialer.ts";

export interface TestNode {
  readonly api: NodeApi;
  readonly containerd: Containerd;
  readonly kubelet: Kubelet;
  readonly paths: { root: string; podLogs: string };
  /** Stops the kubelet and starts another on the same node. */
  restart(): Promise<void>;
  stop(): Promise<void>;
  /** After a stop. */
  start(): Promise<void>;
  close(): Promise<void>;
}

export const NODE = "node-1";

export interface TestNodeOptions {
  wrap?(runtime: Runtime): Runtime;
  /** Options of a small file system in memory that is the kubelet's own, as `size=64m`. */
  readonly disk?: string;
  /** Who makes cgroups. */
  readonly driver?: "cgroupfs" | "systemd";
}

export async function startNode(
  config: Partial<KubeletConfig> = {},
  { wrap = (runtime) => runtime, disk, driver = "cgroupfs" }: TestNodeOptions = {},
): Promise<TestNode> {
  const containerd = await startContainerd(driver);
  const log = process.env.KUBELET_LOG ? createLogger({ level: "debug" }) : silentLogger;
  const api = new NodeApi(realClock);
  const { folder } = containerd;
  const paths = {
    root: join(folder, "kubelet"),
    podLogs: join(folder, "pod-logs"),
    logLinks: join(folder, "containers"),
  };
  const dialer = netnsDialer(containerd.netns);
  if (disk) {
    mkdirSync(paths.root);
    execFileSync("mount", ["-t", "tmpfs", "-o", disk, "tmpfs", paths.root]);
  }
  const begin = async () => {
    const runtime = wrap(criRuntime({ endpoint: containerd.socket }));
    const kubelet = await startKubelet({
      client: api.client,
      runtime,
      nodeName: NODE,
      clock: realClock,
      random: realRandom,
      log,
      disk: realDisk(machineExec()),
      exec: machineExec(),
      paths,
      machine: await readMachine("/"),
      addresses: ["10.99.0.1"],
      dialer,
      cgroups: podCgroups({
        tree: driver === "systemd" ? systemdSlices(machineExec()) : cgroupfs(log),
        root: containerd.cgroupRoot,
        pidsLimit: config.podPidsLimit,
        cpuPeriodUs: 100_000,
      }),
      config: { ...kubeletDefaults, cgroupRoot: containerd.cgroupRoot, clusterDns: ["192.0.2.53"], ...config },
      resolvConf: "nameserver 192.0.2.1\n",
      plugins: true,
    });
    await kubelet.ready;
    return { kubelet, runtime };
  };
  let running: Awaited<ReturnType<typeof begin>>;
  const stop = async () => {
    await running.kubelet.stop();
    running.runtime.close();
  };
  try {
    await api.createConfigMap({
      metadata: { namespace: "default", name: "kube-root-ca.crt" },
      data: { "ca.crt": "-----BEGIN CERTIFICATE-----\n" },
    });
    running = await begin();
  } catch (error) {
    await containerd.close();
    throw error;
  }
  return {
    api,
    containerd,
    paths,
    get kubelet() {
      return running.kubelet;
    },
    stop,
    async start() {
      running = await begin();
    },
    async restart() {
      await stop();
      running = await begin();
    },
    async close() {
      await stop();
      await containerd.close();
      for (const point of execFileSync("cat", ["/proc/self/mountinfo"])
        .toString()
        .split("\n")
        .map((line) => line.split(" ")[4] ?? "")
        .filter((each) => each.startsWith(containerd.folder)))
        execFileSync("umount", ["-l", point]);
    },
  };
}
