/**
 * How full the volumes of pods are, and whether they are well: what lies on a file system of its own as that says (a storage driver is asked), a folder of the node's disk by its files.
 * Holds: folders are walked at most once in the configured time, however often figures are asked for; what cannot be read is left out.
 */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { type VolumeUsage as DriverUsage, UNIT } from "../csi/messages.ts";
import { volumeFolder } from "../paths.ts";
import type { PodTools } from "../pod-workers/tools.ts";

export interface VolumeReading {
  /** In the pod. */
  readonly name: string;
  readonly at: number;
  readonly claim?: { readonly name: string; readonly namespace: string };
  readonly capacityBytes: number;
  readonly availableBytes: number;
  readonly usedBytes: number;
  readonly inodes?: number;
  readonly inodesFree?: number;
  readonly inodesUsed?: number;
  /** Whether something is wrong with it, of drivers that tell that. */
  readonly abnormal?: boolean;
}

export interface VolumeUsagesOptions {
  readonly periodMs: number;
  /** Hears of each reading of a volume that is not well; without it nobody looks whether volumes are (gate CSIVolumeHealth). */
  abnormal?(pod: Pod, volume: string, message: string): void;
}

type Amounts = Omit<VolumeReading, "name" | "at" | "claim">;
type Tools = Pick<PodTools, "disk" | "paths" | "clock" | "volumes">;

const FOLDERS: readonly [plugin: string, source: "emptyDir" | "configMap" | "secret" | "downwardAPI" | "projected"][] =
  [
    ["kubernetes.io/empty-dir", "emptyDir"],
    ["kubernetes.io/configmap", "configMap"],
    ["kubernetes.io/secret", "secret"],
    ["kubernetes.io/downward-api", "downwardAPI"],
    ["kubernetes.io/projected", "projected"],
  ];

export class VolumeUsages {
  readonly #tools: Tools;
  readonly #options: VolumeUsagesOptions;
  readonly #known = new Map<string, { readonly at: number; readonly readings: Promise<VolumeReading[]> }>();

  constructor(tools: Tools, options: VolumeUsagesOptions) {
    this.#tools = tools;
    this.#options = options;
  }

  async of(pod: Pod): Promise<readonly VolumeReading[]> {
    const { uid } = pod.metadata;
    const now = this.#tools.clock.monotonic();
    const known = this.#known.get(uid);
    if (known && now - known.at < this.#options.periodMs) return await known.readings;
    const readings = this.#read(pod);
    this.#known.set(uid, { at: now, readings });
    return await readings;
  }

  /** Of all pods, for who hears of volumes that are not well. */
  async look(pods: readonly Pod[]): Promise<void> {
    this.keep(new Set(pods.map(({ metadata }) => metadata.uid)));
    await Promise.all(pods.map((pod) => this.of(pod)));
  }

  /** Pods that are not there any more are forgotten. */
  keep(uids: ReadonlySet<string>): void {
    for (const uid of this.#known.keys()) if (!uids.has(uid)) this.#known.delete(uid);
  }

  async #read(pod: Pod): Promise<VolumeReading[]> {
    const found: VolumeReading[] = [];
    for (const volume of pod.spec.volumes ?? []) {
      const { name, persistentVolumeClaim, ephemeral } = volume;
      const claimName = persistentVolumeClaim?.claimName ?? (ephemeral && `${pod.metadata.name}-${name}`);
      const plugin = FOLDERS.find(([, source]) => volume[source])?.[0];
      const amounts = plugin
        ? await this.#ofFolder(volumeFolder(this.#tools.paths, pod.metadata.uid, plugin, name)).catch(() => undefined)
        : await this.#ofDriver(pod, name, claimName, volume.csi && name).catch(() => undefined);
      const claim = claimName && { claim: { name: claimName, namespace: pod.metadata.namespace } };
      if (amounts) found.push({ name, at: this.#tools.clock.now(), ...claim, ...amounts });
    }
    return found;
  }

  async #ofFolder(folder: string): Promise<Amounts> {
    const { disk } = this.#tools;
    const [space, size] = [await disk.space(folder), await disk.usage(folder)];
    return {
      capacityBytes: space.totalBytes,
      availableBytes: space.freeBytes,
      usedBytes: size.bytes,
      inodes: space.inodes,
      inodesFree: space.inodesFree,
      inodesUsed: size.inodes,
    };
  }

  async #ofDriver(
    pod: Pod,
    name: string,
    claim: string | undefined,
    inline: string | undefined,
  ): Promise<Amounts | undefined> {
    const { volumes } = this.#tools;
    const { abnormal: tell } = this.#options;
    const specName = inline ?? (claim && volumes.persistentOf(pod.metadata.uid, claim));
    const said = specName ? await volumes.driverStats(pod.metadata.uid, specName) : undefined;
    const amounts = said && amountsOf(said.usage);
    const condition = tell && said?.condition;
    if (!amounts || !condition) return amounts;
    if (condition.abnormal) tell(pod, name, condition.message);
    return { ...amounts, abnormal: condition.abnormal };
  }
}

export function amountsOf(usage: readonly DriverUsage[]): Amounts | undefined {
  const bytes = usage.find(({ unit }) => unit === UNIT.bytes);
  const inodes = usage.find(({ unit }) => unit === UNIT.inodes);
  if (!bytes) return undefined;
  return {
    capacityBytes: Number(bytes.total),
    availableBytes: Number(bytes.available),
    usedBytes: Number(bytes.used),
    ...(inodes && {
      inodes: Number(inodes.total),
      inodesFree: Number(inodes.available),
      inodesUsed: Number(inodes.used),
    }),
  };
}
