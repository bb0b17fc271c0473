/**
 * Volumes of storage drivers: staged once on the node, published for each pod, taken down in the other order.
 * Holds: what belongs to one volume happens one after the other; what was published is noted on the disk first, so that it is taken down also after a
 * crash in between; a volume is unstaged when the last pod that has it is gone; a driver that is not there keeps the pod waiting, and nothing is
 * unmounted behind its back.
 */
import { join } from "node:path";
import type { Client } from "@kubets/client/client";
import type { EventRecorder } from "@kubets/client/event-recorder";
import type { Clock } from "@kubets/machinery";
import { isGrpcError } from "@kubets/wire/grpc";
import type { MountedVolume } from "../container-config/mounts.ts";
import type { Disk } from "../disk/disk.ts";
import { type KubeletPaths, podsFolder, volumeDevicesFolder, volumeFolder } from "../paths.ts";
import type { ClaimedVolume } from "../volumes/claims.ts";
import { hasGroup, setGroup } from "../volumes/ownership.ts";
import type { ServiceAccountTokens } from "../volumes/tokens.ts";
import type { VolumeContext } from "../volumes/volume.ts";
import { attachmentOf, podTokens, secretOf } from "./driver-inputs.ts";
import type { CsiDrivers } from "./drivers.ts";
import { expandOnNode } from "./expand.ts";
import { KeyedQueue } from "./keyed-queue.ts";
import { Node, type VolumeCondition, type VolumeUsage } from "./messages.ts";
import { attachmentName, givesGroup, podContext } from "./requests.ts";
import { readVolumeData, type VolumeData, writeVolumeData } from "./volume-data.ts";
import { CSI_PLUGIN, noteFolder, notesOf, publishPath, stagingPath, targetOf } from "./volume-places.ts";
import { driverObject, isAttached, type Wish, wishOf } from "./volume-wish.ts";
import type { VolumesInUse } from "./volumes-in-use.ts";

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

export interface VolumeStats {
  readonly usage: readonly VolumeUsage[];
  /** Of drivers that tell it. */
  readonly condition?: VolumeCondition;
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
      for (const { volumeLifecycleMode, driverName, volumeHandle } of await notesOf(disk, paths, uid)) {
        if (volumeLifecycleMode === "Ephemeral") continue;
        const object = await driverObject(this.#options.client, driverName).catch(() => undefined);
        if (isAttached(object)) held.push([uniqueName(driverName, volumeHandle), uid]);
      }
    inUse.load(held);
  }

  /** Setting up again publishes again where the driver wants that, and grows the volume when it is to grow. */
  async setUp(context: VolumeContext, claimed: ClaimedVolume | undefined): Promise<MountedVolume> {
    const wish = await wishOf(context, claimed, this.#options);
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

  /** How full a volume is, and whether it is well, as its driver says; undefined where it says nothing. */
  async stats(uid: string, specName: string): Promise<VolumeStats | undefined> {
    const { disk, paths, drivers } = this.#options;
    const folder = volumeFolder(paths, uid, CSI_PLUGIN, specName);
    const data = await readVolumeData(disk, folder);
    const driver = data && drivers.find(data.driverName);
    if (!data || !driver?.can("stats")) return undefined;
    const stagingTargetPath = stagingPath(paths, data, false);
    const request = { volumeId: data.volumeHandle, volumePath: join(folder, "mount"), stagingTargetPath };
    const { usage, volumeCondition } = await driver.call(Node.stats, request);
    return {
      usage,
      ...(driver.can("condition") && { condition: volumeCondition ?? { abnormal: false, message: "" } }),
    };
  }

  async #bringUp(wish: Wish, claimed: ClaimedVolume | undefined): Promise<MountedVolume> {
    const { disk, paths, nodeName, client } = this.#options;
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
      attachment = await attachmentOf(wish, nodeName, client);
    }
    const staged = wish.persistent && driver.can("stage") ? stagingPath(paths, this.#dataOf(wish), block) : "";
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
      secrets: await secretOf(wish.stageSecret, this.#options.client),
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
    const { disk, paths, client } = this.#options;
    const { pod, object, block, driver } = wish;
    const targetPath = targetOf(wish, folder, paths);
    await disk.makeFolder(block ? join(targetPath, "..") : folder, 0o750);
    const note = noteFolder(folder, block);
    await disk.makeFolder(note, 0o750);
    await writeVolumeData(disk, note, this.#dataOf(wish));
    const tokens = await podTokens(pod, object, this.#options.tokens);
    const inSecret = object?.spec.serviceAccountTokenInSecrets ?? false;
    await driver.call(Node.publish, {
      volumeId: wish.handle,
      publishContext,
      stagingTargetPath,
      targetPath,
      volumeCapability: wish.capability,
      readonly: wish.readOnly,
      secrets: { ...(await secretOf(wish.publishSecret, client)), ...(inSecret && tokens) },
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
      const stagingTargetPath = stagingPath(paths, data, block);
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
      for (const data of await notesOf(disk, paths, uid))
        if (data.driverName === driverName && data.volumeHandle === volumeHandle) return true;
    return false;
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
}

/** As nodes call a volume in their status. */
const uniqueName = (driver: string, handle: string): string => `${CSI_PLUGIN}/${driver}^${handle}`;
