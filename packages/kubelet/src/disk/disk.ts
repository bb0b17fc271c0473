/**
 * The node's disk as the kubelet uses it, so that a simulated node needs none.
 * Holds: making and removing what is so already succeeds; `remove` never goes into another file system, so it cannot delete what is
 * mounted; what is not there rejects with the code ENOENT, as Node does.
 */
export interface Disk {
  makeFolder(path: string, mode?: number): Promise<void>;
  writeFile(path: string, content: Uint8Array | string, mode?: number): Promise<void>;
  readFile(path: string): Promise<Buffer>;
  /** A part of a file; shorter at its end. */
  readAt(path: string, offset: number, length: number): Promise<Buffer>;
  appendFile(path: string, content: string): Promise<void>;
  /** Undefined when nothing is there; follows links. */
  stat(path: string): Promise<DiskEntry | undefined>;
  /** Where links end; what does not exist yet is kept as it is. */
  realPath(path: string): Promise<string>;
  list(path: string): Promise<string[]>;
  rename(from: string, to: string): Promise<void>;
  link(target: string, path: string): Promise<void>;
  /** Undefined for what is not there, or is no link. */
  readLink(path: string): Promise<string | undefined>;
  remove(path: string): Promise<void>;
  setOwner(path: string, uid: number, gid: number): Promise<void>;
  setMode(path: string, mode: number): Promise<void>;
  /** A file system in memory; no limit when `sizeBytes` is 0. */
  mountTmpfs(path: string, sizeBytes: number): Promise<void>;
  /** Shows a folder, a file or a device at another place too, which must be there. */
  bindMount(from: string, to: string): Promise<void>;
  /** A file system of another kind, as `mount -t` takes it. */
  mount(wanted: MountWish): Promise<void>;
  unmount(path: string): Promise<void>;
  /** What is mounted at or below a path, innermost first. */
  mountsBelow(path: string): Promise<string[]>;
  /** Free and all bytes of the file system. */
  space(path: string): Promise<DiskSpace>;
  /** What the files at and below a path take of their file system: each once, and nothing of what is mounted below. Nothing when nothing is there. */
  usage(path: string): Promise<DiskUsage>;
}

export interface DiskUsage {
  readonly bytes: number;
  readonly inodes: number;
}

export const noUsage: DiskUsage = { bytes: 0, inodes: 0 };

export const sumOfUsage = (all: Iterable<DiskUsage>): DiskUsage => {
  let { bytes, inodes } = noUsage;
  for (const each of all) {
    bytes += each.bytes;
    inodes += each.inodes;
  }
  return { bytes, inodes };
};

export interface MountWish {
  readonly type: string;
  readonly source: string;
  readonly target: string;
  readonly options: readonly string[];
  /** Where relative paths among the options begin. */
  readonly folder?: string;
}

export type EntryKind = "file" | "folder" | "socket" | "character" | "block" | "other";

export interface DiskEntry {
  readonly kind: EntryKind;
  readonly size: number;
  readonly mode: number;
  readonly group: number;
  readonly inode: number;
  readonly device: number;
}

export interface DiskSpace {
  readonly totalBytes: number;
  readonly freeBytes: number;
  readonly inodes: number;
  readonly inodesFree: number;
}

export const isMissing = (error: unknown): boolean => (error as { code?: string }).code === "ENOENT";

export const isMounted = async (disk: Pick<Disk, "mountsBelow">, path: string): Promise<boolean> =>
  (await disk.mountsBelow(path)).includes(path);
