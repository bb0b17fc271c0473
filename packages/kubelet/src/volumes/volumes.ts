/**
 * The volumes of pods on this node's disk.
 * Holds: setting up may be repeated at any time and brings files up to date; tearing down unmounts first and then removes, and leaves
 * nothing of the pod, also of one that an earlier kubelet set up.
 */
import { basename } from "node:path";
import type { Pod, Volume } from "@kubets/api/generated/types/core-v1";
import type { Client } from "@kubets/client/client";
import type { Clock } from "@kubets/machinery";
import type { Addresses } from "../container-config/field-values.ts";
import type { MountedVolume } from "../container-config/mounts.ts";
import type { Allocatable } from "../container-config/resource-values.ts";
import type { Disk } from "../disk/disk.ts";
import type { ReferencedObjects } from "../objects/referenced-objects.ts";
import { type KubeletPaths, podFolder, podsFolder, volumeFolder } from "../paths.ts";
import { type ClaimedVolume, claimedVolume } from "./claims.ts";
import { volumePlugins } from "./index.ts";
import { hasGroup, setGroup } from "./ownership.ts";
import type { ServiceAccountTokens } from "./tokens.ts";
import { VolumeError, type VolumePlugin } from "./volume.ts";

export interface VolumesOptions {
  readonly disk: Disk;
  readonly paths: KubeletPaths;
  readonly objects: ReferencedObjects;
  readonly tokens: ServiceAccountTokens;
  readonly clock: Clock;
  readonly client: Pick<Client, "get">;
  readonly plugins?: readonly VolumePlugin[];
}

export interface VolumeFacts {
  readonly addresses: Addresses;
  readonly allocatable: Allocatable;
}

export type VolumeMap = ReadonlyMap<string, MountedVolume>;

export class Volumes {
  readonly #options: VolumesOptions;

  constructor(options: VolumesOptions) {
    this.#options = options;
  }

  /** All volumes of the pod, or a VolumeError of the first that cannot be. Images are left to the runtime. */
  async setUp(pod: Pod, facts: VolumeFacts): Promise<VolumeMap> {
    const { objects } = this.#options;
    objects.track(pod);
    await objects.ready(pod.metadata.uid);
    const mounted = new Map<string, MountedVolume>();
    for (const volume of pod.spec.volumes ?? []) {
      if (volume.image) mounted.set(volume.name, { image: volume.image.reference ?? "" });
      else mounted.set(volume.name, await this.#setUpOne(pod, volume, facts));
    }
    return mounted;
  }

  async tearDown(uid: string): Promise<void> {
    const { disk, paths, objects, tokens } = this.#options;
    objects.untrack(uid);
    tokens.forget(uid);
    const folder = podFolder(paths, uid);
    if (!(await disk.stat(folder))) return;
    for (const mount of await disk.mountsBelow(folder)) await disk.unmount(mount);
    await disk.remove(folder);
  }

  /** When files of the pod want to be made anew for their tokens. */
  tokensDueAt(uid: string): number | undefined {
    return this.#options.tokens.dueAt(uid);
  }

  /** Pods that have something on the disk. */
  async present(): Promise<string[]> {
    return (await this.#options.disk.list(podsFolder(this.#options.paths))).map((path) => basename(path));
  }

  async #setUpOne(pod: Pod, named: Volume, facts: VolumeFacts): Promise<MountedVolume> {
    const { plugins = volumePlugins, paths, clock, client, ...rest } = this.#options;
    const claimed = await claimedVolume(pod, named, client);
    const { volume } = claimed ?? { volume: named };
    const name = claimed?.persistent.metadata.name ?? volume.name;
    const fail = (why: string) => new VolumeError(`MountVolume.SetUp failed for volume "${name}" : ${why}`);
    const plugin = plugins.find((each) => each.supports(volume));
    if (!plugin) throw fail(unsupported(volume));
    const folder = volumeFolder(paths, pod.metadata.uid, plugin.name, volume.name);
    try {
      const mounted = await plugin.setUp({ pod, volume, folder, paths, now: clock.now(), ...rest, ...facts });
      return claimed ? await ownedByGroup(pod, claimed, mounted, rest.disk, named) : mounted;
    } catch (error) {
      throw fail((error as Error).message);
    }
  }
}

function unsupported(volume: Volume): string {
  if (volume.csi)
    return `kubernetes.io/csi: mounter.SetUpAt failed to get CSI client: driver name ${volume.csi.driver} not found in the list of registered CSI drivers`;
  const kind = Object.keys(volume).find((key) => key !== "name") ?? "(none)";
  return `volumes of the kind ${kind} are not supported by this kubelet`;
}

/** A claim may be for reading only; a folder of the node that is a volume of its own belongs to the pod's group. */
async function ownedByGroup(
  pod: Pod,
  { persistent }: ClaimedVolume,
  mounted: MountedVolume,
  disk: Disk,
  named: Volume,
): Promise<MountedVolume> {
  if ("image" in mounted) return mounted;
  const readOnly = mounted.readOnly || (named.persistentVolumeClaim?.readOnly ?? false);
  const { fsGroup, fsGroupChangePolicy } = pod.spec.securityContext ?? {};
  const once = persistent.spec.local && !readOnly && fsGroup !== undefined;
  if (once && !(fsGroupChangePolicy === "OnRootMismatch" && (await hasGroup(disk, mounted.path, fsGroup))))
    await setGroup(disk, mounted.path, fsGroup, false);
  return { ...mounted, readOnly };
}
