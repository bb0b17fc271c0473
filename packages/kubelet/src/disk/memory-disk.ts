/**
 * A disk in memory, for simulated nodes: a tree of folders, so that each step costs what it touches, however much the disk holds. Modes and owners
 * are kept by nobody.
 */
import { normalize } from "node:path";
import { type Disk, type DiskEntry, type DiskUsage, type MountWish, noUsage, sumOfUsage } from "./disk.ts";

interface Folder {
  readonly kind: "folder";
  readonly entries: Map<string, Node>;
}
type Node = Folder | { readonly kind: "file"; content: Buffer } | { readonly kind: "link"; target: string };

/** Where a path leads: the folder, which may not be there, the name in it, and what has that name. */
interface Place {
  readonly names: readonly string[];
  readonly folder: Folder | undefined;
  readonly name: string;
  readonly node: Node | undefined;
}

const SPACE = { totalBytes: 100 * 2 ** 30, freeBytes: 90 * 2 ** 30, inodes: 6_000_000, inodesFree: 5_900_000 };
const MOST_LINKS = 40;

export class MemoryDisk implements Disk {
  readonly #root = emptyFolder();
  readonly #inodes = new WeakMap<Node, number>();
  #lastInode = 0;
  readonly #mounts = new Set<string>();

  async makeFolder(path: string): Promise<void> {
    let at = this.#root;
    for (const name of this.#find(path).names) {
      const found = at.entries.get(name) ?? emptyFolder();
      if (found.kind !== "folder") return;
      at.entries.set(name, found);
      at = found;
    }
  }

  async writeFile(path: string, content: Uint8Array | string): Promise<void> {
    const { node } = this.#find(path);
    if (node?.kind === "file") node.content = Buffer.from(content);
    else this.#put(path, { kind: "file", content: Buffer.from(content) });
  }

  async appendFile(path: string, content: string): Promise<void> {
    const { node } = this.#find(path);
    const before = node?.kind === "file" ? node.content : Buffer.alloc(0);
    await this.writeFile(path, Buffer.concat([before, Buffer.from(content)]));
  }

  async readFile(path: string): Promise<Buffer> {
    const { node } = this.#find(path);
    if (node?.kind !== "file") throw missing("open", path);
    return node.content;
  }

  async readAt(path: string, offset: number, length: number): Promise<Buffer> {
    return (await this.readFile(path)).subarray(offset, offset + length);
  }

  async stat(path: string): Promise<DiskEntry | undefined> {
    const { node } = this.#find(path);
    if (!node || node.kind === "link") return undefined;
    const size = node.kind === "file" ? node.content.length : 0;
    return {
      kind: node.kind,
      size,
      mode: node.kind === "file" ? 0o644 : 0o755,
      group: 0,
      inode: this.#inodeOf(node),
      device: 1,
    };
  }

  #inodeOf(node: Node): number {
    const inode = this.#inodes.get(node) ?? ++this.#lastInode;
    this.#inodes.set(node, inode);
    return inode;
  }

  async realPath(path: string): Promise<string> {
    return `/${this.#find(path).names.join("/")}`;
  }

  async list(path: string): Promise<string[]> {
    const { node } = this.#find(path);
    return node?.kind === "folder" ? [...node.entries.keys()].sort() : [];
  }

  async rename(from: string, to: string): Promise<void> {
    const source = this.#find(from, "link itself");
    if (!source.folder || !source.node) throw missing("rename", from);
    this.#put(to, source.node, "link itself");
    source.folder.entries.delete(source.name);
  }

  async link(target: string, path: string): Promise<void> {
    this.#put(path, { kind: "link", target }, "link itself");
  }

  async readLink(path: string): Promise<string | undefined> {
    const { node } = this.#find(path, "link itself");
    return node?.kind === "link" ? node.target : undefined;
  }

  async remove(path: string): Promise<void> {
    const { folder, name } = this.#find(path, "link itself");
    folder?.entries.delete(name);
  }

  async setOwner(): Promise<void> {}
  async setMode(): Promise<void> {}

  async mountTmpfs(path: string): Promise<void> {
    this.#mounts.add(normalize(path));
  }

  async bindMount(_from: string, to: string): Promise<void> {
    this.#mounts.add(normalize(to));
  }

  async mount({ target }: MountWish): Promise<void> {
    this.#mounts.add(normalize(target));
  }

  async unmount(path: string): Promise<void> {
    this.#mounts.delete(normalize(path));
  }

  async mountsBelow(path: string): Promise<string[]> {
    return [...this.#mounts].filter((point) => point === path || point.startsWith(`${path}/`)).reverse();
  }

  async usage(path: string): Promise<DiskUsage> {
    const { node } = this.#find(path, "link itself");
    return node ? usageOf(node) : noUsage;
  }

  async space(): Promise<typeof SPACE> {
    return SPACE;
  }

  #put(path: string, node: Node, last?: "link itself"): void {
    const { folder, name } = this.#find(path, last);
    if (!folder) throw missing("open", path);
    folder.entries.set(name, node);
  }

  /** Follows the links of the path's folders, and, unless the link itself is meant, of its end. */
  #find(path: string, last?: "link itself"): Place {
    const left = partsOf(path).reverse();
    let names: string[] = [];
    let line: (Node | undefined)[] = [this.#root];
    let links = 0;
    for (let name = left.pop(); name !== undefined; name = left.pop()) {
      if (name === "..") {
        if (names.pop() !== undefined) line.pop();
        continue;
      }
      const node = asFolder(line.at(-1))?.entries.get(name);
      if (node?.kind !== "link" || (left.length === 0 && last === "link itself")) {
        names.push(name);
        line.push(node);
        continue;
      }
      if (++links > MOST_LINKS) throw missing("open", path);
      if (node.target.startsWith("/")) [names, line] = [[], [this.#root]];
      left.push(...partsOf(node.target).reverse());
    }
    return { names, folder: asFolder(line.at(-2)), name: names.at(-1) ?? "", node: line.at(-1) };
  }
}

const emptyFolder = (): Folder => ({ kind: "folder", entries: new Map() });
const asFolder = (node: Node | undefined): Folder | undefined => (node?.kind === "folder" ? node : undefined);
const partsOf = (path: string): string[] => path.split("/").filter((part) => part !== "" && part !== ".");

const missing = (call: string, path: string): Error =>
  Object.assign(new Error(`ENOENT: no such file or directory, ${call} '${path}'`), { code: "ENOENT" });

const usageOf = (node: Node): DiskUsage =>
  sumOfUsage([
    { bytes: node.kind === "file" ? node.content.length : 0, inodes: 1 },
    ...(node.kind === "folder" ? [...node.entries.values()].map(usageOf) : []),
  ]);
