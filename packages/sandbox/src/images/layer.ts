/**
 * Layers: a tree of files as a gzipped tar.
 * Holds: the same tree gives the same digest, whenever and by whomever it is made (no times, no owners); nothing larger than a part of a file is
 * held in memory.
 */
import { createHash, type Hash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { lstat, mkdtemp, open, readdir, readlink, stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import { type Pack, pack } from "tar-stream";
import type { Blob } from "./blob.ts";

export type LayerEntry =
  | { readonly path: string; readonly type: "directory"; readonly mode?: number }
  | { readonly path: string; readonly type: "symlink"; readonly target: string }
  | { readonly path: string; readonly type: "file"; readonly mode?: number; readonly content: string | Uint8Array }
  | { readonly path: string; readonly type: "file"; readonly mode?: number; readonly from: string };

export interface Layer extends Blob {
  /** The digest before compression. */
  readonly diffId: string;
}

const EPOCH = new Date(0);

/** Writes the layer into a new file below `folder`. Paths have no leading slash; parents stand before their children. */
export async function makeLayer(
  entries: AsyncIterable<LayerEntry> | Iterable<LayerEntry>,
  folder: string,
): Promise<Layer> {
  const archive = pack();
  const [layer] = await Promise.all([
    packLayer(Readable.from(archive as unknown as AsyncIterable<Buffer>), folder),
    addAll(archive, entries),
  ]);
  return layer;
}

/** A tar, packed or not, as a layer. */
export async function tarLayer(tar: string, folder: string): Promise<Layer> {
  const content = createReadStream(tar);
  return await packLayer((await isGzip(tar)) ? content.pipe(createGunzip()) : content, folder);
}

async function packLayer(content: Readable, folder: string): Promise<Layer> {
  const file = join(await mkdtemp(join(folder, "layer-")), "layer.tar.gz");
  const plain = createHash("sha256");
  const packed = createHash("sha256");
  await pipeline(content, tee(plain), createGzip({ level: 6 }), tee(packed), createWriteStream(file));
  const { size } = await stat(file);
  return { digest: `sha256:${packed.digest("hex")}`, diffId: `sha256:${plain.digest("hex")}`, size, content: { file } };
}

async function isGzip(path: string): Promise<boolean> {
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer.readUInt16BE(0) === 0x1f8b;
  } finally {
    await file.close();
  }
}

const tee = (hash: Hash): Transform =>
  new Transform({
    transform(chunk: Buffer, _, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });

async function addAll(archive: Pack, entries: AsyncIterable<LayerEntry> | Iterable<LayerEntry>): Promise<void> {
  try {
    for await (const entry of entries) await addEntry(archive, entry);
    archive.finalize();
  } catch (error) {
    archive.destroy(error as Error);
    throw error;
  }
}

async function addEntry(archive: Pack, entry: LayerEntry): Promise<void> {
  const base = { name: entry.path, mtime: EPOCH, uid: 0, gid: 0 };
  if (entry.type === "directory") await put(archive, { ...base, type: "directory", mode: entry.mode ?? 0o755 });
  else if (entry.type === "symlink")
    await put(archive, { ...base, type: "symlink", linkname: entry.target, mode: 0o777 });
  else if ("content" in entry)
    await put(archive, { ...base, type: "file", mode: entry.mode ?? 0o644 }, Buffer.from(entry.content));
  else await putFile(archive, { ...base, type: "file", mode: entry.mode ?? 0o644 }, entry.from);
}

type Header = Parameters<Pack["entry"]>[0];

const put = (archive: Pack, header: Header, content?: Buffer): Promise<void> =>
  new Promise((resolve, reject) => {
    const done = (error?: Error | null) => (error ? reject(error) : resolve());
    archive.entry(content ? { ...header, size: content.length } : header, content ?? Buffer.alloc(0), done);
  });

export async function putFile(archive: Pack, header: Header, from: string): Promise<void> {
  const { size } = await stat(from);
  await new Promise<void>((resolve, reject) => {
    const sink = archive.entry({ ...header, size }, (error) => (error ? reject(error) : resolve()));
    const source = createReadStream(from);
    source.on("error", reject);
    source.pipe(sink as unknown as NodeJS.WritableStream);
  });
}

/** A folder of this machine as entries, in the order of names. Sockets and devices are left out. */
export async function* folderEntries(folder: string, below = ""): AsyncGenerator<LayerEntry> {
  for (const name of (await readdir(join(folder, below))).toSorted()) {
    const path = below ? `${below}/${name}` : name;
    const from = join(folder, path);
    const info = await lstat(from);
    const mode = info.mode & 0o7777;
    if (info.isSymbolicLink()) yield { path, type: "symlink", target: await readlink(from) };
    else if (info.isFile()) yield { path, type: "file", mode, from };
    else if (info.isDirectory()) {
      yield { path, type: "directory", mode };
      yield* folderEntries(folder, path);
    }
  }
}
