/** A folder of an NFS server, mounted for the pod. The kernel must know NFS, and the machine `mount.nfs`. */
import { isMounted } from "../disk/disk.ts";
import { VolumeError, type VolumePlugin } from "./volume.ts";

export const nfsVolume: VolumePlugin = {
  name: "kubernetes.io/nfs",
  supports: ({ nfs }) => nfs !== undefined,
  async setUp({ volume, folder, disk, mountOptions }) {
    const { server, path, readOnly = false } = volume.nfs as { server: string; path: string; readOnly?: boolean };
    await disk.makeFolder(folder, 0o750);
    if (await isMounted(disk, folder)) return { path: folder, readOnly };
    const host = server.includes(":") && !server.startsWith("[") ? `[${server}]` : server;
    const options = [...(readOnly ? ["ro"] : []), ...mountOptions];
    try {
      await disk.mount({ type: "nfs", source: `${host}:${path}`, target: folder, options });
    } catch (error) {
      await disk.remove(folder);
      throw new VolumeError(`mount failed: ${(error as Error).message}`);
    }
    return { path: folder, readOnly };
  },
};
