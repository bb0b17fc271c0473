/** The folders of volumes on this node's disk, each by the name of its volume, below one folder that outlives the pods. */
import { join } from "node:path";
import type { Disk } from "../disk/disk.ts";

export interface VolumeFolders {
  /** Whether it is there or not; throws for what is no volume's name. */
  pathOf(name: string): string;
  /** Makes it, or finds it made; gives its path. */
  make(name: string): Promise<string>;
  remove(name: string): Promise<void>;
}

/** Whoever runs in a pod may write, as on a disk of their own. */
const MODE = 0o777;
const NAME = /^pvc-[a-zA-Z0-9-]+$/;

export function volumeFolders(disk: Disk, root: string): VolumeFolders {
  const pathOf = (name: string) => {
    // A volume's name leads to no other folder, whoever made the volume.
    if (!NAME.test(name)) throw new Error(`${JSON.stringify(name)} is no name of a volume made of a folder`);
    return join(root, name);
  };
  return {
    pathOf,
    async make(name) {
      const path = pathOf(name);
      await disk.makeFolder(path, MODE);
      await disk.setMode(path, MODE);
      return path;
    },
    remove: (name) => disk.remove(pathOf(name)),
  };
}
