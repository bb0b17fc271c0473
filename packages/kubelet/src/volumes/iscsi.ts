/**
 * Disks of iSCSI targets, by the program `iscsiadm` of open-iscsi: logged in once for each disk of the node, mounted once, and shown to each pod.
 * Holds: who uses a disk stands beside its mount, so that it is logged out when the last pod has gone, whichever kubelet logged it in.
 */
import { join } from "node:path";
import type { ISCSIPersistentVolumeSource, ISCSIVolumeSource, Pod } from "@kubets/api/generated/types/core-v1";
import { type Clock, sleep } from "@kubets/machinery";
import type { MountedVolume } from "../container-config/mounts.ts";
import { KeyedQueue } from "../csi/keyed-queue.ts";
import { type Disk, isMounted } from "../disk/disk.ts";
import type { Exec } from "../exec.ts";
import type { KubeletPaths } from "../paths.ts";
import { formatted } from "./format.ts";
import { logIn, logOut, type Session } from "./iscsi-session.ts";
import { VolumeError } from "./volume.ts";

export type IscsiSource = ISCSIVolumeSource | ISCSIPersistentVolumeSource;

interface IscsiOptions {
  readonly exec: Exec;
  readonly disk: Disk;
  readonly paths: KubeletPaths;
  readonly clock: Clock;
}

interface IscsiWish {
  readonly pod: Pod;
  readonly source: IscsiSource;
  /** Where the pod finds it. */
  readonly folder: string;
  readonly isBlock: boolean;
  readonly mountOptions: readonly string[];
  /** Of the Secret that the volume names. */
  readonly secret: Readonly<Record<string, string>>;
}

export const ISCSI_PLUGIN = "kubernetes.io/iscsi";
const DEVICE_WAIT_MS = 10_000;
const LOOK_AGAIN_MS = 200;

export class IscsiVolumes {
  readonly #options: IscsiOptions;
  readonly #queue = new KeyedQueue();

  constructor(options: IscsiOptions) {
    this.#options = options;
  }

  async setUp(wish: IscsiWish): Promise<MountedVolume> {
    const { source } = wish;
    return await this.#queue.run(source.iqn, () => this.#bringUp(wish));
  }

  /** A disk that no other pod uses is let go. */
  async tearDown(uid: string): Promise<void> {
    const { disk } = this.#options;
    for (const name of await disk.list(this.#root)) {
      const place = join(this.#root, name);
      const users = await disk.list(join(place, "pods"));
      if (!users.includes(uid)) continue;
      const session = JSON.parse((await disk.readFile(join(place, "session"))).toString()) as Session;
      await this.#queue.run(session.iqn, () => this.#letGo(place, uid, session));
    }
  }

  get #root(): string {
    return join(this.#options.paths.root, "plugins", ISCSI_PLUGIN);
  }

  async #bringUp({ pod, source, folder, isBlock, mountOptions, secret }: IscsiWish): Promise<MountedVolume> {
    const { exec, disk } = this.#options;
    const { iqn, lun, fsType = "ext4", readOnly = false } = source;
    const session = sessionOf(source);
    const place = join(this.#root, `${session.portals[0]}-${iqn}-lun-${lun}`.replaceAll("/", "_"));
    const mount = join(place, "mount");
    await disk.makeFolder(join(place, "pods"), 0o750);
    // Before the login: what is there after a crash is known.
    await disk.writeFile(join(place, "session"), JSON.stringify(session), 0o600);
    await disk.writeFile(join(place, "pods", pod.metadata.uid), "", 0o600);
    if (!isBlock && (await isMounted(disk, mount))) return await this.#show(mount, folder, readOnly);
    const device = await this.#device(session, lun, await logIn(exec, session, secret));
    if (isBlock) return { path: device, readOnly };
    await disk.makeFolder(mount, 0o750);
    const options = [...(readOnly ? ["ro"] : []), ...mountOptions];
    await formatted(exec, device, fsType, readOnly);
    await disk.mount({ type: fsType, source: device, target: mount, options });
    return await this.#show(mount, folder, readOnly);
  }

  async #show(mount: string, folder: string, readOnly: boolean): Promise<MountedVolume> {
    const { disk } = this.#options;
    await disk.makeFolder(folder, 0o750);
    if (!(await isMounted(disk, folder))) await disk.bindMount(mount, folder);
    return { path: folder, readOnly };
  }

  /** The kernel makes the device a moment after the login; several ways to one disk are one device above them. */
  async #device(session: Session, lun: number, portals: readonly string[]): Promise<string> {
    const { disk, clock } = this.#options;
    const paths = portals.map((portal) => `/dev/disk/by-path/ip-${portal}-iscsi-${session.iqn}-lun-${lun}`);
    const until = clock.monotonic() + DEVICE_WAIT_MS;
    for (;;) {
      for (const path of paths) {
        if (!(await disk.stat(path))) continue;
        const device = await disk.realPath(path);
        const holders = await disk.list(`/sys/block/${device.split("/").at(-1)}/holders`);
        const multipath = holders.find((name) => name.startsWith("dm-"));
        return multipath ? `/dev/${multipath}` : device;
      }
      if (clock.monotonic() > until)
        throw new VolumeError(
          `failed to get any path for iscsi disk, last err seen:\nCould not attach disk: Timeout after ${DEVICE_WAIT_MS / 1000}s`,
        );
      await sleep(clock, LOOK_AGAIN_MS);
    }
  }

  async #letGo(place: string, uid: string, session: Session): Promise<void> {
    const { disk, exec, paths } = this.#options;
    const folders = (await disk.mountsBelow(join(paths.root, "pods", uid))).filter((path) =>
      path.includes("/kubernetes.io~iscsi/"),
    );
    for (const path of folders) await disk.unmount(path);
    await disk.remove(join(place, "pods", uid));
    if ((await disk.list(join(place, "pods"))).length > 0) return;
    for (const path of await disk.mountsBelow(join(place, "mount"))) await disk.unmount(path);
    // Another disk of the target may be in use.
    const isOther = (name: string) => name.includes(`-${session.iqn}-lun-`) && join(this.#root, name) !== place;
    if (!(await disk.list(this.#root)).some(isOther)) await logOut(exec, session);
    await disk.remove(place);
  }
}

const withPort = (portal: string): string => (/:\d+$/.test(portal) ? portal : `${portal}:3260`);

function sessionOf({
  targetPortal,
  portals = [],
  iqn,
  iscsiInterface = "default",
  initiatorName,
  ...chap
}: IscsiSource): Session {
  return {
    iqn,
    portals: [...new Set([targetPortal, ...portals].map(withPort))],
    interfaceName: initiatorName ? `${withPort(targetPortal)}:${iqn}` : iscsiInterface,
    chapDiscovery: chap.chapAuthDiscovery ?? false,
    chapSession: chap.chapAuthSession ?? false,
    ...(initiatorName && { initiatorName, baseInterface: iscsiInterface }),
  };
}
