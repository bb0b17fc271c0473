/**
 * Volumes of storage drivers: staged once on the node, published for each pod, taken down in the other order.
 * Holds: what belongs to one volume happens one after the other; what was published is noted on the disk first, so that it is taken down also after a
 * crash in between; a volume is unstaged when the last pod that has it is gone; a driver that is not there keeps the pod waiting, and nothing is
 * unmounted behind its back.
 */
import { join } from "node:path";
import { csidrivers, secrets as secretsRef, volumeattachments } from "@kubets/api/generated/refs";
import type { PersistentVolume, Pod, SecretReference } from "@kubets/api/generated/types/core-v1";
import type { CSIDriver } from "@kubets/api/generated/types/storage-v1";
import type { Client } from "@kubets/client/client";
import type { EventRecorder } from "@kubets/client/event-recorder";
import { type Clock, isReason } from "@kubets/machinery";
import { isGrpcError } from "@kubets/wire/grpc";
import type { MountedVolume } from "../container-config/mounts.ts";
import type { Disk } from "../disk/disk.ts";
import { type KubeletPaths, podsFolder, volumeDevicesFolder, volumeFolder } from "../paths.ts";
import type { ClaimedVolume } from "../volumes/claims.ts";
import { hasGroup, setGroup } from "../volumes/ownership.ts";
import type { ServiceAccountTokens } from "../volumes/tokens.ts";
import type { VolumeContext } from "../volumes/volume.ts";
import type { CsiDriver, CsiDrivers } from "./drivers.ts";
import { expandOnNode } from "./expand.ts";
import { KeyedQueue } from "./keyed-queue.ts";
import { Node, type VolumeCapability } from "./messages.ts";
import {
  accessModeOf,
  attachmentName,
  capabilityOf,
  ephemeralHandle,
  givesGroup,
  lifecycleProblem,
  podContext,
  stagingName,
} from "./requests.ts";
import { readVolumeData, type VolumeData, writeVolumeData } from "./volume-data.ts";
import type { VolumesInUse } from "./volumes-in-use.ts";

export const CSI_PLUGIN = "kubernetes.io/csi";
const TOKENS = "csi.storage.k8s.io/serviceAccount.tokens";

export interface CsiVolumesOptions {
  readonly drivers: CsiDrivers;
  readonly client: Pick<Client, "get" | "patch">;
  readonly disk: Disk;
  readonly paths: KubeletPaths;
  readonly nodeName: string;
  readonly tokens: ServiceAccountTokens;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly inUse: VolumesInUse;
}

/** One volume of one pod, with everything that its driver is told. */
interface Wish {
  readonly pod: Pod;
  readonly driver: CsiDriver;
  readonly object: CSIDriver | undefined;
  readonly handle: string;
  /** The persistent volume's, or the volume's in the pod. */
  readonly specName: string;
  readonly persistent: PersistentVolume | undefined;
  readonly fsType: string;
  readonly readOnly: boolean;
  readonly block: boolean;
  readonly capability: VolumeCapability;
  readonly attributes: Readonly<Record<string, string>>;
  readonly stageSecret: SecretReference | undefined;
  readonly publishSecret: SecretReference | undefined;
}

export class CsiVolumes {
  readonly #options: CsiVolumesOptions;
  readonly #queue = new KeyedQueue();
  /** Paths where this kubelet had volumes staged; drivers take being asked again. */
  readonly #staged = new Set<string>();

  constructor(options: CsiVolumesOptions) {
    this.#options = options;
  }

  /** What an earlier kubelet left published is in use. */
  async load(): Promise<void> {
    const { disk, paths, inUse } = this.#options;
    const held: [name: string, uid: string][] = [];
    for (const uid of await disk.list(podsFolder(paths)))
      for (const { volumeLifecycleMode, driverName, volumeHandle } of await this.#notesOf(uid)) {
        if (volumeLifecycleMode === "Ephemeral") continue;
        const object = await this.#object(driverName).catch(() => undefined);
        if (isAttached(object)) held.push([uniqueName(driverName, volumeHandle), uid]);
      }
    inUse.load(held);
  }

  /** Setting up again publishes again where the driver wants that, and grows the volume when it is to grow. */
  async setUp(context: VolumeContext, claimed: ClaimedVolume | undefined): Promise<MountedVolume> {
    const wish = await this.#wishOf(context, claimed);
    return await this.#queue.run(`${wish.driver.name}/${wish.handle}`, () => this.#bringUp(wish, claimed));
  }

  /** What a driver publishes for the pod is withdrawn. */
  async tearDown(uid: string): Promise<void> {
    const { disk, paths, inUse } = this.#options;
    const folder = volumeFolder(paths, uid, CSI_PLUGIN, "");
    for (const name of await disk.list(folder)) await this.#withdraw(uid, join(folder, name), false);
    const devices = volumeDevicesFolder(paths, uid, CSI_PLUGIN);
    for (const name of await disk.list(devices)) {
      if (!name.startsWith(".")) await this.#withdraw(uid, join(devices, name), true);
    }
    inUse.release(uid);
  }

  /** How full a volume is, as its driver says; undefined where it says nothing. */
  async usage(uid: string, specName: string) {
    const { disk, paths, drivers } = this.#options;
    const folder = volumeFolder(paths, uid, CSI_PLUGIN, specName);
    const data = await readVolumeData(disk, folder);
    const driver = data && drivers.find(data.driverName);
    if (!data || !driver?.can("stats")) return undefined;
    const stagingTargetPath = this.#stagingPath(data, false);
    const request = { volumeId: data.volumeHandle, volumePath: join(folder, "mount"), stagingTargetPath };
    return (await driver.call(Node.stats, request)).usage;
  }

  async #wishOf({ pod, volume, folder }: VolumeContext, claimed: ClaimedVolume | undefined): Promise<Wish> {
    const persistent = claimed?.persistent;
    const inline = volume.csi;
    const source = persistent?.spec.csi;
    const name = source?.driver ?? inline?.driver ?? "";
    const driver = this.#options.drivers.get(name, "mounter.SetUpAt");
    const object = await this.#object(name);
    const problem = lifecycleProblem(object, name, !source);
    if (problem) throw new Error(problem);
    const fsType = source?.fsType ?? inline?.fsType ?? "";
    const readOnly = (source?.readOnly ?? inline?.readOnly ?? false) || this.#claimIsReadOnly(pod, volume.name);
    const block = persistent?.spec.volumeMode === "Block";
    const { fsGroup } = pod.spec.securityContext ?? {};
    const { namespace } = pod.metadata;
    return {
      pod,
      driver,
      object,
      handle: source?.volumeHandle ?? ephemeralHandle(pod.metadata.uid, volume.name),
      specName: persistent?.metadata.name ?? folder.split("/").at(-1) ?? volume.name,
      persistent,
      fsType,
      readOnly,
      block,
      capability: capabilityOf({
        block,
        fsType,
        mountFlags: persistent?.spec.mountOptions ?? [],
        accessMode: accessModeOf(persistent?.spec.accessModes ?? [], driver.can("multiWriter")),
        ...(driver.can("mountGroup") && fsGroup !== undefined && { mountGroup: fsGroup }),
      }),
      attributes: source?.volumeAttributes ?? inline?.volumeAttributes ?? {},
      stageSecret: source?.nodeStageSecretRef,
      publishSecret:
        source?.nodePublishSecretRef ??
        (inline?.nodePublishSecretRef && { namespace, name: inline.nodePublishSecretRef.name ?? "" }),
    };
  }

  #claimIsReadOnly({ spec }: Pod, name: string): boolean {
    return spec.volumes?.find((each) => each.name === name)?.persistentVolumeClaim?.readOnly ?? false;
  }

  async #bringUp(wish: Wish, claimed: ClaimedVolume | undefined): Promise<MountedVolume> {
    const { disk, paths } = this.#options;
    const { pod, driver, object, block, specName, readOnly } = wish;
    const { uid } = pod.metadata;
    const folder = block
      ? join(volumeDevicesFolder(paths, uid, CSI_PLUGIN), specName)
      : volumeFolder(paths, uid, CSI_PLUGIN, specName);
    const known = await readVolumeData(disk, noteFolder(folder, block));
    const isUp = known !== undefined && (block ? await disk.readLink(folder) : (await disk.mountsBelow(folder))[0]);
    let attachment: Readonly<Record<string, string>> = {};
    if (wish.persistent && isAttached(object)) {
      await this.#options.inUse.take(uniqueName(driver.name, wish.handle), uid);
      attachment = await this.#attachment(wish);
    }
    const staged = wish.persistent && driver.can("stage") ? this.#stagingPath(this.#dataOf(wish), block) : "";
    if (!isUp || object?.spec.requiresRepublish) {
      if (staged && !isUp && !this.#staged.has(staged)) await this.#stage(wish, staged, attachment);
      await this.#publish(wish, folder, staged, attachment);
    }
    if (claimed)
      await expandOnNode(this.#options, driver, claimed, {
        pod,
        staged,
        target: targetOf(wish, folder, paths),
        capability: wish.capability,
      });
    return block ? { path: targetOf(wish, folder, paths), readOnly } : { path: join(folder, "mount"), readOnly };
  }

  async #stage(wish: Wish, stagingTargetPath: string, publishContext: Readonly<Record<string, string>>): Promise<void> {
    await this.#options.disk.makeFolder(stagingTargetPath, 0o750);
    await wish.driver.call(Node.stage, {
      volumeId: wish.handle,
      publishContext,
      stagingTargetPath,
      volumeCapability: wish.capability,
      secrets: await this.#secret(wish.stageSecret),
      volumeContext: wish.attributes,
    });
    this.#staged.add(stagingTargetPath);
  }

  async #publish(
    wish: Wish,
    folder: string,
    stagingTargetPath: string,
    publishContext: Readonly<Record<string, string>>,
  ): Promise<void> {
    const { disk, paths } = this.#options;
    const { pod, object, block, driver } = wish;
    const targetPath = targetOf(wish, folder, paths);
    await disk.makeFolder(block ? join(targetPath, "..") : folder, 0o750);
    const note = noteFolder(folder, block);
    await disk.makeFolder(note, 0o750);
    await writeVolumeData(disk, note, this.#dataOf(wish));
    const tokens = await this.#podTokens(pod, object);
    const inSecret = object?.spec.serviceAccountTokenInSecrets ?? false;
    await driver.call(Node.publish, {
      volumeId: wish.handle,
      publishContext,
      stagingTargetPath,
      targetPath,
      volumeCapability: wish.capability,
      readonly: wish.readOnly,
      secrets: { ...(await this.#secret(wish.publishSecret)), ...(inSecret && tokens) },
      volumeContext: {
        ...wish.attributes,
        ...(object?.spec.podInfoOnMount && podContext(pod, !wish.persistent)),
        ...(!inSecret && tokens),
      },
    });
    if (block) {
      await disk.remove(folder);
      await disk.link(targetPath, folder);
    } else await this.#giveToGroup(wish, targetPath);
  }

  async #giveToGroup({ pod, driver, object, fsType, persistent, readOnly }: Wish, path: string): Promise<void> {
    const { disk } = this.#options;
    const { fsGroup, fsGroupChangePolicy } = pod.spec.securityContext ?? {};
    if (fsGroup === undefined || driver.can("mountGroup")) return;
    if (!givesGroup(object?.spec.fsGroupPolicy, fsType, persistent, readOnly)) return;
    if (fsGroupChangePolicy === "OnRootMismatch" && (await hasGroup(disk, path, fsGroup))) return;
    await setGroup(disk, path, fsGroup, false);
  }

  async #withdraw(uid: string, folder: string, block: boolean): Promise<void> {
    const { disk, paths, drivers } = this.#options;
    const note = noteFolder(folder, block);
    const data = await readVolumeData(disk, note);
    if (!data) return;
    const { volumeHandle: volumeId, driverName, specVolID } = data;
    await this.#queue.run(`${driverName}/${volumeId}`, async () => {
      const driver = drivers.get(driverName, "Unmounter.TearDownAt");
      const targetPath = block ? publishPath(paths, specVolID, uid) : join(folder, "mount");
      await driver.call(Node.unpublish, { volumeId, targetPath });
      await disk.remove(targetPath);
      await disk.remove(folder);
      await disk.remove(note);
      if (data.volumeLifecycleMode === "Ephemeral" || !driver.can("stage") || (await this.#isUsed(data))) return;
      const stagingTargetPath = this.#stagingPath(data, block);
      this.#staged.delete(stagingTargetPath);
      await driver.call(Node.unstage, { volumeId, stagingTargetPath }).catch((error: unknown) => {
        if (!isGrpcError(error, "NOT_FOUND")) throw error;
      });
      await disk.remove(block ? stagingTargetPath : join(stagingTargetPath, ".."));
    });
  }

  /** Whether another pod of the node has the volume. */
  async #isUsed({ driverName, volumeHandle }: VolumeData): Promise<boolean> {
    const { disk, paths } = this.#options;
    for (const uid of await disk.list(podsFolder(paths)))
      for (const data of await this.#notesOf(uid))
        if (data.driverName === driverName && data.volumeHandle === volumeHandle) return true;
    return false;
  }

  /** What is published for a pod. */
  async #notesOf(uid: string): Promise<VolumeData[]> {
    const { disk, paths } = this.#options;
    const volumes = volumeFolder(paths, uid, CSI_PLUGIN, "");
    const devices = volumeDevicesFolder(paths, uid, CSI_PLUGIN);
    const notes = [
      ...(await disk.list(volumes)).map((name) => join(volumes, name)),
      ...(await disk.list(devices)).map((name) => join(devices, name)),
    ];
    const found: VolumeData[] = [];
    for (const note of notes) {
      const data = (await disk.readLink(note)) === undefined ? await readVolumeData(disk, note) : undefined;
      if (data) found.push(data);
    }
    return found;
  }

  #dataOf({ driver, handle, specName, persistent }: Wish): VolumeData {
    const { nodeName } = this.#options;
    return {
      driverName: driver.name,
      volumeHandle: handle,
      specVolID: specName,
      nodeName,
      volumeLifecycleMode: persistent ? "Persistent" : "Ephemeral",
      ...(persistent && { attachmentID: attachmentName(handle, driver.name, nodeName) }),
    };
  }

  #stagingPath({ driverName, volumeHandle, specVolID }: VolumeData, block: boolean): string {
    const base = join(this.#options.paths.root, "plugins", CSI_PLUGIN);
    return block
      ? join(base, "volumeDevices/staging", specVolID)
      : join(base, driverName, stagingName(volumeHandle), "globalmount");
  }

  /** The driver's own object, which says how it wants to be treated. */
  async #object(name: string): Promise<CSIDriver | undefined> {
    return await this.#options.client.get(csidrivers, { name }).catch((error: unknown) => {
      if (isReason(error, "NotFound")) return undefined;
      throw error;
    });
  }

  /** What the driver said when the volume was attached to this node. */
  async #attachment({ handle, driver }: Wish): Promise<Readonly<Record<string, string>>> {
    const name = attachmentName(handle, driver.name, this.#options.nodeName);
    const { metadata, status } = await this.#options.client.get(volumeattachments, { name });
    if (!status?.attached || metadata.deletionTimestamp)
      throw new Error(`volume ${handle} is not attached to this node yet (${name})`);
    return status.attachmentMetadata ?? {};
  }

  async #secret(reference: SecretReference | undefined): Promise<Record<string, string>> {
    if (!reference?.name) return {};
    const key = { namespace: reference.namespace ?? "", name: reference.name };
    const { data = {} } = await this.#options.client.get(secretsRef, key);
    return Object.fromEntries(Object.entries(data).map(([k, value]) => [k, Buffer.from(value, "base64").toString()]));
  }

  async #podTokens(pod: Pod, object: CSIDriver | undefined): Promise<Record<string, string>> {
    const wanted = object?.spec.tokenRequests ?? [];
    if (wanted.length === 0) return {};
    const tokens: Record<string, object> = {};
    for (const { audience = "", expirationSeconds = 3600 } of wanted) {
      const found = await this.#options.tokens.find(pod, { expirationSeconds, ...(audience && { audience }) });
      tokens[audience] = { token: found.token, expirationTimestamp: found.expirationTimestamp };
    }
    return { [TOKENS]: JSON.stringify(tokens) };
  }
}

const isAttached = (object: CSIDriver | undefined): boolean => object?.spec.attachRequired !== false;

/** As nodes call a volume in their status. */
const uniqueName = (driver: string, handle: string): string => `${CSI_PLUGIN}/${driver}^${handle}`;

const publishPath = ({ root }: KubeletPaths, specName: string, uid: string): string =>
  join(root, "plugins", CSI_PLUGIN, "volumeDevices/publish", specName, uid);

const targetOf = ({ block, specName, pod }: Wish, folder: string, paths: KubeletPaths): string =>
  block ? publishPath(paths, specName, pod.metadata.uid) : join(folder, "mount");

/** A device is a link, and its note lies beside it. */
const noteFolder = (folder: string, block: boolean): string => (block ? `${folder}.data` : folder);
