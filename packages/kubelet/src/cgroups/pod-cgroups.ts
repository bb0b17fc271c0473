/** The cgroups of a node's pods: made and set for each pod and for its class, measured, and removed. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { deepEqual } from "@kubets/machinery";
import { type CgroupDetails, readDetails, readMachineSwap } from "../stats/cgroup-details.ts";
import { readUsage, type Usage } from "../stats/cgroup-usage.ts";
import type { CgroupParts, CgroupTree } from "./cgroup-tree.ts";
import {
  askedMemory,
  kubepods,
  type MemoryReserve,
  partsOf,
  podParts,
  type Tier,
  tierMemory,
  tierShares,
} from "./layout.ts";
import { type CgroupSettings, type CgroupVersion, type PodLimits, podSettings } from "./settings.ts";

export interface PodCgroups {
  readonly version: CgroupVersion;
  /** What the runtime is given as the parent of the pod's containers. */
  parentOf(pod: Pod): string;
  /** Before all pods: holds them together, and the node's own programs apart from them. */
  hold(enforced: Iterable<readonly [CgroupParts, CgroupSettings]>): Promise<void>;
  /** Weighs the classes of pods against each other, now that these are the pods of the node, and keeps memory for the higher ones. */
  weigh(pods: readonly Pod[]): Promise<void>;
  /** `hasCpusAlone`: nothing of it is slowed down, as the quota of a pod is that of its containers too. */
  ensure(pod: Pod, hasCpusAlone?: boolean): Promise<void>;
  remove(pod: Pod): Promise<void>;
  /** What the pod uses, as far as it can be told. */
  usage(pod: Pod, now: number): Promise<Usage>;
  /** What all of the node uses. */
  nodeUsage(now: number): Promise<Usage>;
  /** What version 2 counts besides, of the pod and of those of its containers. */
  details(pod: Pod, containers: readonly string[]): Promise<PodDetails>;
  nodeDetails(): Promise<CgroupDetails>;
  /** A process of the pod, if there is one. */
  somePid(pod: Pod): Promise<number | undefined>;
}

export interface PodDetails {
  readonly pod: CgroupDetails;
  readonly containers: ReadonlyMap<string, CgroupDetails>;
}

const NO_DETAILS: PodDetails = { pod: {}, containers: new Map() };

/** For runtimes without cgroups. */
export const noCgroups: PodCgroups = {
  version: 2,
  parentOf: () => "",
  hold: async () => {},
  weigh: async () => {},
  ensure: async () => {},
  remove: async () => {},
  usage: async (_, timestamp) => ({ timestamp }),
  nodeUsage: async (timestamp) => ({ timestamp }),
  details: async () => NO_DETAILS,
  nodeDetails: async () => ({}),
  somePid: async () => undefined,
};

export interface PodCgroupsOptions extends PodLimits {
  readonly tree: CgroupTree;
  /** All of the node lies below this; "/" on a machine that is one node. */
  readonly root: string;
  readonly mountpoint?: string;
  readonly memoryReserve?: MemoryReserve | undefined;
}

/** Of nothing the kernel would make no limit: one page. */
const LEAST_BYTES = 4096;

export function podCgroups(options: PodCgroupsOptions): PodCgroups {
  const { tree, root, mountpoint = "/sys/fs/cgroup", memoryReserve } = options;
  const { version } = tree;
  const keepsMemory = version === 2 ? options.keepsMemory : undefined;
  const settled = new Map<string, CgroupSettings>();
  /** What holds for all pods together, and for which of their memory it must do more. */
  const whole = kubepods(root);
  let wholeSettings: CgroupSettings = {};
  let weighing: Promise<void> = Promise.resolve();
  /** A class that has more already keeps that and gets no more: a limit below it would kill. */
  const atLeastUsed = async (parts: CgroupParts, limit: number): Promise<number> => {
    const { memoryUsageBytes = 0 } = await readUsage(tree.pathOf(parts), version, 0, mountpoint);
    return Math.max(limit, memoryUsageBytes, LEAST_BYTES);
  };
  const weigh = async (pods: readonly Pod[]): Promise<void> => {
    const limits = memoryReserve && tierMemory(pods, memoryReserve);
    const asked = keepsMemory ? askedMemory(pods) : { guaranteed: 0, burstable: 0 };
    // Nothing is kept below that is not kept above.
    if (keepsMemory !== undefined)
      await settle("", whole, {
        ...wholeSettings,
        kept: { minBytes: asked.guaranteed + asked.burstable, lowBytes: 0 },
      });
    for (const [tier, cpuShares] of Object.entries(tierShares(pods)) as [Tier, number][]) {
      const parts = [...whole, tier];
      await settle(tier, parts, {
        cpuShares,
        ...(limits && { memoryBytes: await atLeastUsed(parts, limits[tier]) }),
        ...(keepsMemory !== undefined && tier === "burstable" && { kept: { minBytes: 0, lowBytes: asked.burstable } }),
      });
    }
  };
  const settle = async (name: string, parts: CgroupParts, settings: CgroupSettings): Promise<void> => {
    if (deepEqual(settled.get(name), settings)) return;
    settled.set(name, settings);
    await tree.ensure(parts, settings);
  };
  const pathOf = (pod: Pod) => tree.pathOf(podParts(pod, root));
  return {
    version,
    parentOf: (pod) => tree.nameOf(podParts(pod, root)),

    async hold(enforced) {
      for (const [parts, settings] of enforced) {
        if (deepEqual(parts, whole)) wholeSettings = settings;
        await tree.ensure(parts, settings);
      }
    },

    weigh(pods) {
      const next = () => weigh(pods);
      weighing = weighing.then(next, next);
      return weighing;
    },

    ensure(pod, hasCpusAlone = false) {
      const limits = hasCpusAlone ? { ...options, cpuPeriodUs: undefined } : options;
      return tree.ensure(podParts(pod, root), podSettings(pod, limits));
    },
    remove: (pod) => tree.remove(podParts(pod, root)),

    usage: (pod, now) => readUsage(pathOf(pod), version, now, mountpoint),
    nodeUsage: (now) => readUsage(tree.pathOf(partsOf(root)), version, now, mountpoint),

    async details(pod, containers) {
      if (version === 1) return NO_DETAILS;
      const path = pathOf(pod);
      // A runtime names them by their ids: as they are, or as scopes of systemd.
      const names = await readdir(join(mountpoint, path)).catch(() => []);
      const found = containers.map(async (id) => {
        const name = names.find((each) => each.includes(id));
        return [id, name ? await readDetails(join(path, name), mountpoint) : {}] as const;
      });
      return { pod: await readDetails(path, mountpoint), containers: new Map(await Promise.all(found)) };
    },

    async nodeDetails() {
      if (version === 1) return {};
      const parts = partsOf(root);
      const own = await readDetails(tree.pathOf(parts), mountpoint);
      return parts.length > 0 ? own : { ...own, ...(await readMachineSwap()) };
    },

    somePid: (pod) => somePidBelow(join(mountpoint, version === 1 ? "memory" : "", pathOf(pod))),
  };
}

async function somePidBelow(path: string): Promise<number | undefined> {
  const own = (await readFile(join(path, "cgroup.procs"), "utf8").catch(() => "")).split("\n")[0];
  if (own) return Number(own);
  for (const entry of await readdir(path, { withFileTypes: true }).catch(() => [])) {
    const found = entry.isDirectory() ? await somePidBelow(join(path, entry.name)) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}
