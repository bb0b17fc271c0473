/** A folder that lives as long as its pod; with the medium Memory it is a file system in memory. */
import { parseQuantity } from "@kubets/machinery/quantity";
import { setGroup } from "./ownership.ts";
import { ensureTmpfs } from "./tmpfs.ts";
import { VolumeError, type VolumePlugin } from "./volume.ts";

export const emptyDirVolume: VolumePlugin = {
  name: "kubernetes.io/empty-dir",
  supports: ({ emptyDir }) => emptyDir !== undefined,
  async setUp({ volume, folder, disk, pod }) {
    const { medium = "", sizeLimit } = volume.emptyDir ?? {};
    const isNew = (await disk.stat(folder)) === undefined;
    await disk.makeFolder(folder, 0o777);
    if (medium === "Memory") await ensureTmpfs(disk, folder, sizeLimit ? parseQuantity(sizeLimit).value() : 0);
    else if (medium.startsWith("HugePages"))
      throw new VolumeError(`the medium ${medium} of emptyDir is not supported by this kubelet`);
    if (isNew) {
      await disk.setMode(folder, 0o777);
      const { fsGroup } = pod.spec.securityContext ?? {};
      if (fsGroup !== undefined) await setGroup(disk, folder, fsGroup, false);
    }
    return { path: folder, readOnly: false };
  },
};
