/**
 * The volumes of pods on this node's disk.
 * Holds: setting up may be repeated at any time and brings files up to date; tearing down unmounts first and then removes, and leaves
 * nothing of the pod, also of one that an earlier kubelet set up.
 */
import { basename } from "node:path";
import { secrets } from "@kubets/api/generated/refs";
import type { Pod, Volume } from "@kubets/api/generated/types/core-v1";
import type { Client } from "@kubets/client/client";
import type { Clock } from "@kubets/machinery";
import type { Addresses } from "../container-config/field-values.ts";
import { imageVolumeError, type MountedVolume } from "../container-config/mounts.ts";
import type { Allocatable } from "../container-config/resource-values.ts";
import type { CsiVolumes } from "../csi/csi-volumes.ts";
import { CSI_PLUGIN } from "../csi/volume-places.ts";
import type { Disk } from "../disk/disk.ts";
import type { ReferencedObjects } from "../objects/referenced-objects.ts";
import { type KubeletPaths, podFolder, podsFolder, volumeFolder } from "../paths.ts";
import { type ClaimedVolume, claimedVolume } from "./claims.ts";
import type { ImageVolumes } from "./image-volumes.ts";
import { volumePlugins } from "./index.ts";
import { ISCSI_PLUGIN, type IscsiSource, type IscsiVolumes } from "./iscsi.ts";
import { hasGroup, setGroup } from "./ownership.ts";
import type { PodCertificates } from "./pod-certificates.ts";
import type { ServiceAccountTokens } from "./tokens.ts";
import type { TrustBundleWatch } from "./trust-bundle-watch.ts";
import { VolumeError, type VolumePlugin } from "./volume.ts";

interface VolumesOptions {
  readonly disk: Disk;
  readonly paths: KubeletPaths;
  readonly objects: ReferencedObjects;
  readonly bundles: TrustBundleWatch;
  readonly tokens: ServiceAccountTokens;
  readonly certificates: PodCertificates;
  readonly clock: Clock;
  readonly client: Pick<Client, "get" | "list">;
  readonly images: ImageVolumes;
  readonly csi?: CsiVolumes;
  readonly iscsi?: IscsiVolumes;
  readonly plugins?: readonly VolumePlugin[];
}

interface VolumeFacts {
  readonly addresses: Addresses;
  readonly allocatable: Allocatable;
}

/** How often drivers are asked again: to publish anew where they want that, to grow what has grown. */
const DRIVER_PERIOD_MS = 60_000;

export type VolumeMap = ReadonlyMap<string, MountedVolume>;

export class Volumes {
  readonly #options: VolumesOptions;
  /** Of pods with claims of storage drivers, the persistent volumes by claim. */
  readonly #ofDrivers = new Map<string, Map<string, string>>();

  constructor(options: VolumesOptions) {
    this.#options = options;
  }

  /** All volumes of the pod, or a VolumeError of the first that cannot be. Images come when their containers are made. */
  async setUp(pod: Pod, facts: VolumeFacts): Promise<VolumeMap> {
    const { objects, bundles } = this.#options;
    objects.track(pod);
    bundles.track(pod);
    await objects.ready(pod.metadata.uid);
    const mounted = new Map<string, MountedVolume>();
    for (const volume of pod.spec.volumes ?? []) {
      if (volume.image) mounted.set(volume.name, { image: volume.image.reference ?? "" });
      else mounted.set(volume.name, await this.#setUpOne(pod, volume, facts));
    }
    return mounted;
  }

  /** A volume that shows an image, which is on the node under this id. */
  async ofImage(uid: string, image: string, handler: string): Promise<MountedVolume> {
    try {
      return await this.#options.images.setUp(uid, image, handler);
    } catch (error) {
      throw imageVolumeError((error as Error).message);
    }
  }

  async tearDown(uid: string): Promise<void> {
    const { disk, paths, objects, bundles, tokens, certificates, images } = this.#options;
    objects.untrack(uid);
    bundles.untrack(uid);
    tokens.forget(uid);
    certificates.forget(uid);
    this.#ofDrivers.delete(uid);
    await this.#options.csi?.tearDown(uid);
    await this.#options.iscsi?.tearDown(uid);
    await images.tearDown(uid);
    const folder = podFolder(paths, uid);
    if (!(await disk.stat(folder))) return;
    for (const mount of await disk.mountsBelow(folder)) await disk.unmount(mount);
    await disk.remove(folder);
  }

  /** When the pod's volumes want to be set up anew: for tokens and certificates that end, or for drivers that are asked from time to time. */
  refreshDueAt({ metadata, spec }: Pod): number | undefined {
    const { tokens, certificates, clock } = this.#options;
    const isAsked = spec.volumes?.some(({ csi }) => csi) || this.#ofDrivers.has(metadata.uid);
    const { uid } = metadata;
    const dues = [tokens.dueAt(uid), certificates.dueAt(uid), isAsked ? clock.now() + DRIVER_PERIOD_MS : undefined];
    const known = dues.filter((due) => due !== undefined);
    return known.length > 0 ? Math.min(...known) : undefined;
  }

  /** The persistent volume behind a claim of a storage driver. */
  persistentOf(uid: string, claim: string): string | undefined {
    return this.#ofDrivers.get(uid)?.get(claim);
  }

  /** What its driver says of a volume. */
  async driverStats(uid: string, name: string) {
    return await this.#options.csi?.stats(uid, name);
  }

  #note(uid: string, { claim, persistent }: ClaimedVolume): void {
    const known = this.#ofDrivers.get(uid) ?? new Map<string, string>();
    this.#ofDrivers.set(uid, known.set(claim.metadata.name, persistent.metadata.name));
  }

  /** Pods that have something on the disk. */
  async present(): Promise<string[]> {
    return (await this.#options.disk.list(podsFolder(this.#options.paths))).map((path) => basename(path));
  }

  async #setUpOne(pod: Pod, named: Volume, facts: VolumeFacts): Promise<MountedVolume> {
    const { plugins = volumePlugins, paths, clock, client, csi, iscsi, ...rest } = this.#options;
    const claimed = await claimedVolume(pod, named, client);
    const { volume } = claimed ?? { volume: named };
    const name = claimed?.persistent.metadata.name ?? volume.name;
    const fail = (why: string) => new VolumeError(`MountVolume.SetUp failed for volume "${name}" : ${why}`);
    const plugin = plugins.find((each) => each.supports(volume));
    if (!plugin && !(volume.csi && csi) && !(volume.iscsi && iscsi)) throw fail(unsupported(volume));
    const place = plugin?.name ?? (volume.iscsi ? ISCSI_PLUGIN : CSI_PLUGIN);
    const folder = volumeFolder(paths, pod.metadata.uid, place, volume.name);
    const mountOptions = claimed?.persistent.spec.mountOptions ?? [];
    const context = { pod, volume, folder, paths, client, mountOptions, now: clock.now(), ...rest, ...facts };
    try {
      if (volume.csi && csi) {
        if (claimed) this.#note(pod.metadata.uid, claimed);
        return await csi.setUp(context, claimed);
      }
      if (volume.iscsi && iscsi) {
        const source = claimed?.persistent.spec.iscsi ?? volume.iscsi;
        const isBlock = claimed?.persistent.spec.volumeMode === "Block";
        const secret = await secretOf(client, source, pod);
        const mounted = await iscsi.setUp({ pod, source, folder, isBlock, mountOptions, secret });
        return isBlock ? mounted : await ownedByGroup(pod, claimed, mounted, rest.disk, named);
      }
      const mounted = await (plugin as VolumePlugin).setUp(context);
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

async function secretOf(client: Pick<Client, "get">, { secretRef }: IscsiSource, { metadata }: Pod) {
  if (!secretRef?.name) return {};
  const namespace = ("namespace" in secretRef && secretRef.namespace) || metadata.namespace;
  const { data = {} } = await client.get(secrets, { namespace, name: secretRef.name });
  return Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(text, "base64").toString()]));
}

/** A claim may be for reading only; a folder or a disk that is a volume of its own belongs to the pod's group. */
async function ownedByGroup(
  pod: Pod,
  claimed: ClaimedVolume | undefined,
  mounted: MountedVolume,
  disk: Disk,
  named: Volume,
): Promise<MountedVolume> {
  if ("image" in mounted) return mounted;
  const readOnly = mounted.readOnly || (named.persistentVolumeClaim?.readOnly ?? false);
  const { fsGroup, fsGroupChangePolicy } = pod.spec.securityContext ?? {};
  const isOwn = named.iscsi ?? claimed?.persistent.spec.iscsi ?? claimed?.persistent.spec.local;
  const once = isOwn && !readOnly && fsGroup !== undefined;
  if (once && !(fsGroupChangePolicy === "OnRootMismatch" && (await hasGroup(disk, mounted.path, fsGroup))))
    await setGroup(disk, mounted.path, fsGroup, false);
  return { ...mounted, readOnly };
}
