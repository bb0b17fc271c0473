/** The machine's disk. What the kernel mounts at once it is asked for itself; for the rest `mount` and `umount` run. */
import type { Stats } from "node:fs";
import {
  appendFile,
  chmod,
  chown,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  readlink,
  realpath,
  rename,
  rmdir,
  stat,
  statfs,
  symlink,
  unlink,
  writeFile,
} from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Exec } from "../exec.ts";
import { type Disk, type DiskUsage, type EntryKind, isMissing, noUsage, sumOfUsage } from "./disk.ts";
import { kernelMounts } from "./kernel-mounts.ts";

const TMPFS_MAGIC = 0x0102_1994;

export function realDisk(exec: Exec): Disk {
  let loading: ReturnType<typeof kernelMounts> | undefined;
  const kernel = () => (loading ??= kernelMounts());
  return {
    async makeFolder(path, mode = 0o755) {
      const made = await mkdir(path, { recursive: true });
      if (made !== undefined) await chmod(path, mode);
    },

    async writeFile(path, content, mode = 0o644) {
      await writeFile(path, content);
      await chmod(path, mode);
    },

    readFile: (path) => readFile(path),

    async readAt(path, offset, length) {
      const file = await open(path, "r");
      try {
        const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, offset);
        return buffer.subarray(0, bytesRead);
      } finally {
        await file.close();
      }
    },

    appendFile: (path, content) => appendFile(path, content),

    async stat(path) {
      const found = await stat(path).catch(unlessMissing);
      return (
        found && {
          kind: kindOf(found),
          size: found.size,
          mode: found.mode & 0o7777,
          group: found.gid,
          inode: found.ino,
          device: found.dev,
        }
      );
    },

    async realPath(path) {
      const found = await realpath(path).catch(unlessMissing);
      if (found !== undefined) return found;
      const parent = dirname(path);
      return parent === path ? path : join(await this.realPath(parent), basename(path));
    },

    list: async (path) => (await readdir(path).catch(unlessMissing)) ?? [],
    rename: (from, to) => rename(from, to),

    link: (target, path) => symlink(target, path),

    readLink: (path) =>
      readlink(path).catch((error: NodeJS.ErrnoException) =>
        // The kernel says so of what is there and is no link.
        error.code === "EINVAL" ? undefined : unlessMissing(error),
      ),

    async remove(path) {
      const found = await lstat(path).catch(unlessMissing);
      if (found) await removeWithin(path, found.dev, found);
    },

    setOwner: (path, uid, gid) => chown(path, uid, gid),
    setMode: (path, mode) => chmod(path, mode),

    async mountTmpfs(path, sizeBytes) {
      const options = sizeBytes > 0 ? `size=${sizeBytes}` : "";
      const own = await kernel();
      if (own) own.mountTmpfs(path, options);
      else await exec.run(["mount", "-t", "tmpfs", ...(options ? ["-o", options] : []), "tmpfs", path]);
    },

    async bindMount(from, to) {
      const own = await kernel();
      if (own) own.bind(from, to);
      else await exec.run(["mount", "--bind", from, to]);
    },

    async mount({ type, source, target, options, folder }) {
      const chosen = options.length > 0 ? ["-o", options.join(",")] : [];
      await exec.run(["mount", "-t", type, ...chosen, source, target], folder === undefined ? {} : { folder });
    },

    async unmount(path) {
      const own = await kernel();
      if (own && (await statfs(path)).type === TMPFS_MAGIC) own.unmount(path);
      else await exec.run(["umount", path]);
    },

    async mountsBelow(path) {
      const table = await readFile("/proc/self/mountinfo", "utf8");
      const points = table
        .split("\n")
        .map((line) => unescapePath(line.split(" ")[4] ?? ""))
        .filter((point) => point === path || point.startsWith(`${path}/`));
      return points.reverse();
    },

    async space(path) {
      const { bsize, blocks, bavail, files, ffree } = await statfs(path);
      return { totalBytes: bsize * blocks, freeBytes: bsize * bavail, inodes: files, inodesFree: ffree };
    },

    async usage(path) {
      const found = await lstat(path).catch(unlessMissing);
      return found ? await usageWithin(path, found, found.dev, new Set()) : noUsage;
    },
  };
}

async function removeWithin(path: string, device: number, found: Stats): Promise<void> {
  if (found.dev !== device) throw new Error(`${path} is mounted, so it is not removed: unmount it first`);
  if (!found.isDirectory()) {
    await unlink(path).catch(unlessMissing);
    return;
  }
  for (const name of await readdir(path)) {
    const below = join(path, name);
    const entry = await lstat(below).catch(unlessMissing);
    if (entry) await removeWithin(below, device, entry);
  }
  await rmdir(path).catch(unlessMissing);
}

const BLOCK_BYTES = 512;

/** `linked`: the files of several names that were met already. */
async function usageWithin(path: string, found: Stats, device: number, linked: Set<number>): Promise<DiskUsage> {
  if (found.dev !== device) return noUsage;
  if (!found.isDirectory() && found.nlink > 1) {
    if (linked.has(found.ino)) return noUsage;
    linked.add(found.ino);
  }
  const parts: DiskUsage[] = [{ bytes: found.blocks * BLOCK_BYTES, inodes: 1 }];
  if (found.isDirectory())
    for (const name of (await readdir(path).catch(unlessMissing)) ?? []) {
      const below = join(path, name);
      const entry = await lstat(below).catch(unlessMissing);
      if (entry) parts.push(await usageWithin(below, entry, device, linked));
    }
  return sumOfUsage(parts);
}

function kindOf(found: Stats): EntryKind {
  if (found.isFile()) return "file";
  if (found.isDirectory()) return "folder";
  if (found.isSocket()) return "socket";
  if (found.isCharacterDevice()) return "character";
  return found.isBlockDevice() ? "block" : "other";
}

/** The kernel writes blanks and the like as octal numbers. */
const unescapePath = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));

function unlessMissing(error: unknown): undefined {
  if (isMissing(error)) return undefined;
  throw error;
}
