/** A path of the node, which must be what the volume says it is, or is made. */
import type { EntryKind } from "../disk/disk.ts";
import { VolumeError, type VolumePlugin } from "./volume.ts";

const WANTED: Readonly<Record<string, { kind: EntryKind; says: string }>> = {
  Directory: { kind: "folder", says: "a directory" },
  File: { kind: "file", says: "a file" },
  Socket: { kind: "socket", says: "a socket file" },
  CharDevice: { kind: "character", says: "a character device" },
  BlockDevice: { kind: "block", says: "a block device" },
};

export const hostPathVolume: VolumePlugin = {
  name: "kubernetes.io/host-path",
  supports: ({ hostPath }) => hostPath !== undefined,
  async setUp({ volume, disk }) {
    const { path, type = "" } = volume.hostPath as { path: string; type?: string };
    const found = await disk.stat(path);
    const fail = (says: string) => new VolumeError(`hostPath type check failed: ${path} is not ${says}`);
    if (type === "DirectoryOrCreate") {
      if (found && found.kind !== "folder") throw fail("a directory");
      if (!found) await disk.makeFolder(path, 0o755);
    } else if (type === "FileOrCreate") {
      if (found && found.kind !== "file") throw fail("a file");
      if (!found) await disk.writeFile(path, "", 0o644);
    } else if (type !== "") {
      const wanted = WANTED[type];
      if (!wanted) throw new VolumeError(`hostPath type ${type} is not known`);
      if (found?.kind !== wanted.kind) throw fail(wanted.says);
    }
    return { path, readOnly: false };
  },
};
