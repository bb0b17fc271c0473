/**
 * How full the volumes of pods are: what lies on a file system of its own as that says (a storage driver is asked), a folder of the node's disk by its files.
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
  readonly #periodMs: number;
  readonly #known = new Map<string, { readonly at: number; readonly readings: Promise<VolumeReading[]> }>();

  constructor(tools: Tools, periodMs: number) {
    this.#tools = tools;
    this.#periodMs = periodMs;
  }

  async of(pod: Pod): Promise<readonly VolumeReading[]> {
    const { uid } = pod.metadata;
    const now = this.#tools.clock.monotonic();
    const known = this.#known.get(uid);
    if (known && now - known.at < this.#periodMs) return await known.readings;
    const readings = this.#read(pod);
    this.#known.set(uid, { at: now, readings });
    return await readings;
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
        : await this.#ofDriver(pod, claimName, volume.csi && name).catch(() => undefined);
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

  async #ofDriver(pod: Pod, claim: string | undefined, inline: string | undefined): Promise<Amounts | undefined> {
    const { volumes } = this.#tools;
    const specName = inline ?? (claim && volumes.persistentOf(pod.metadata.uid, claim));
    const usage = specName ? await volumes.driverUsage(pod.metadata.uid, specName) : undefined;
    return usage && amountsOf(usage);
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
