/** Where volumes of drivers are staged and published on the node, and where their notes lie. */
import { join } from "node:path";
import type { Disk } from "../disk/disk.ts";
import { type KubeletPaths, volumeDevicesFolder, volumeFolder } from "../paths.ts";
import { stagingName } from "./requests.ts";
import { readVolumeData, type VolumeData } from "./volume-data.ts";
import type { Wish } from "./volume-wish.ts";

export const CSI_PLUGIN = "kubernetes.io/csi";

export function stagingPath(
  { root }: KubeletPaths,
  { driverName, volumeHandle, specVolID }: VolumeData,
  block: boolean,
): string {
  const base = join(root, "plugins", CSI_PLUGIN);
  return block
    ? join(base, "volumeDevices/staging", specVolID)
    : join(base, driverName, stagingName(volumeHandle), "globalmount");
}

export const publishPath = ({ root }: KubeletPaths, specName: string, uid: string): string =>
  join(root, "plugins", CSI_PLUGIN, "volumeDevices/publish", specName, uid);

export const targetOf = ({ block, specName, pod }: Wish, folder: string, paths: KubeletPaths): string =>
  block ? publishPath(paths, specName, pod.metadata.uid) : join(folder, "mount");

/** A device is a link, and its note lies beside it. */
export const noteFolder = (folder: string, block: boolean): string => (block ? `${folder}.data` : folder);

/** What is published for a pod. */
export async function notesOf(disk: Disk, paths: KubeletPaths, uid: string): Promise<VolumeData[]> {
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
