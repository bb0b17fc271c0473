/** A disk in memory, for simulated nodes. Links are followed one after the other; modes and owners are kept by nobody. */
import { dirname, join, normalize } from "node:path";
import type { Disk, DiskEntry, MountWish } from "./disk.ts";

type Node =
  | { readonly kind: "file"; content: Buffer }
  | { readonly kind: "folder" }
  | { readonly kind: "link"; target: string };

const SPACE = { totalBytes: 100 * 2 ** 30, freeBytes: 90 * 2 ** 30, inodes: 6_000_000, inodesFree: 5_900_000 };
const MOST_LINKS = 40;

export class MemoryDisk implements Disk {
  readonly #nodes = new Map<string, Node>([["/", { kind: "folder" }]]);
  readonly #mounts = new Set<string>();

  async makeFolder(path: string): Promise<void> {
    const at = this.#resolve(path);
    for (let up = at; !this.#nodes.has(up); up = dirname(up)) this.#nodes.set(up, { kind: "folder" });
  }

  async writeFile(path: string, content: Uint8Array | string): Promise<void> {
    this.#put(path, Buffer.from(content));
  }

  async appendFile(path: string, content: string): Promise<void> {
    const node = this.#nodes.get(this.#resolve(path));
    const before = node?.kind === "file" ? node.content : Buffer.alloc(0);
    this.#put(path, Buffer.concat([before, Buffer.from(content)]));
  }

  async readFile(path: string): Promise<Buffer> {
    const node = this.#nodes.get(this.#resolve(path));
    if (node?.kind !== "file") throw missing("open", path);
    return node.content;
  }

  async readAt(path: string, offset: number, length: number): Promise<Buffer> {
    return (await this.readFile(path)).subarray(offset, offset + length);
  }

  async stat(path: string): Promise<DiskEntry | undefined> {
    const node = this.#nodes.get(this.#resolve(path));
    if (!node || node.kind === "link") return undefined;
    const size = node.kind === "file" ? node.content.length : 0;
    return { kind: node.kind, size, mode: node.kind === "file" ? 0o644 : 0o755, group: 0, inode: 1, device: 1 };
  }

  async realPath(path: string): Promise<string> {
    return this.#resolve(path);
  }

  async list(path: string): Promise<string[]> {
    const at = this.#resolve(path);
    const prefix = at === "/" ? "/" : `${at}/`;
    const found: string[] = [];
    for (const each of this.#nodes.keys()) {
      if (each.startsWith(prefix) && each !== "/" && !each.slice(prefix.length).includes("/"))
        found.push(each.slice(prefix.length));
    }
    return found.sort();
  }

  async rename(from: string, to: string): Promise<void> {
    const [source, target] = [this.#place(from), this.#place(to)];
    if (!this.#nodes.has(source)) throw missing("rename", from);
    this.#removeAt(target);
    const moved = [...this.#nodes].filter(([path]) => path === source || path.startsWith(`${source}/`));
    for (const [path] of moved) this.#nodes.delete(path);
    for (const [path, node] of moved) this.#nodes.set(target + path.slice(source.length), node);
  }

  async link(target: string, path: string): Promise<void> {
    this.#nodes.set(this.#place(path), { kind: "link", target });
  }

  async readLink(path: string): Promise<string | undefined> {
    const node = this.#nodes.get(this.#place(path));
    return node?.kind === "link" ? node.target : undefined;
  }

  async remove(path: string): Promise<void> {
    this.#removeAt(this.#place(path));
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

  async space(): Promise<typeof SPACE> {
    return SPACE;
  }

  #put(path: string, content: Buffer): void {
    const at = this.#resolve(path);
    if (this.#nodes.get(dirname(at))?.kind !== "folder") throw missing("open", path);
    this.#nodes.set(at, { kind: "file", content });
  }

  #removeAt(at: string): void {
    for (const path of this.#nodes.keys()) if (path === at || path.startsWith(`${at}/`)) this.#nodes.delete(path);
  }

  /** The path with the links of its folders followed. */
  #place(path: string): string {
    const at = normalize(path);
    return at === "/" ? at : join(this.#resolve(dirname(at)), at.slice(at.lastIndexOf("/") + 1));
  }

  #resolve(path: string, links = 0): string {
    let at = "/";
    for (const part of normalize(path).split("/").filter(Boolean)) {
      const next = join(at, part);
      const node = this.#nodes.get(next);
      if (node?.kind !== "link") at = next;
      else if (links >= MOST_LINKS) throw missing("open", path);
      else at = this.#resolve(node.target.startsWith("/") ? node.target : join(at, node.target), links + 1);
    }
    return at;
  }
}

const missing = (call: string, path: string): Error =>
  Object.assign(new Error(`ENOENT: no such file or directory, ${call} '${path}'`), { code: "ENOENT" });
