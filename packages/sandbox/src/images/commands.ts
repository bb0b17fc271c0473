/** What `kubets image load|ls|rm|build` do with one node's containerd. */
import { createWriteStream } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Image as CriImage, ImageService } from "@kubets/wire/generated/cri";
import { grpcClient } from "@kubets/wire/grpc";
import { spawnInside } from "../namespaces/spawn-inside.ts";
import { type Image, type ImageConfig, imageArchive } from "./archive.ts";
import { folderEntries, makeLayer, tarLayer } from "./layer.ts";
import { fullReference } from "./reference.ts";

export interface ImageTarget {
  readonly socket: string;
  readonly snapshotter: string;
  /** The program `ctr` that came with containerd. */
  readonly ctr: string;
}

/** Loads an archive (OCI layout or `docker save`); gives the names that were loaded. */
export async function loadArchive(target: ImageTarget, archive: Readable): Promise<string[]> {
  const args = [
    "--address",
    target.socket,
    "--namespace",
    "k8s.io",
    "images",
    "import",
    "--snapshotter",
    target.snapshotter,
    "-",
  ];
  const child = await spawnInside({}, target.ctr, args, { stdio: ["pipe", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (text: string) => void (said += text));
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  // A program that gives up early is judged by what it says, not by the broken pipe.
  const [fed, code] = await Promise.all([feed(archive, child.stdin), ended]);
  if (code !== 0) throw new Error(`the image could not be loaded: ${said.trim() || `ctr ended with ${code}`}`);
  if (fed && fed.code !== "EPIPE") throw fed;
  return [...said.matchAll(/^unpacking (\S+)/gm)].map(([, name]) => name as string);
}

const feed = (archive: Readable, input: NodeJS.WritableStream | null): Promise<NodeJS.ErrnoException | undefined> =>
  pipeline(archive, input as NodeJS.WritableStream).then(
    () => undefined,
    (error: NodeJS.ErrnoException) => error,
  );

export const loadImages = (target: ImageTarget, images: readonly Image[]): Promise<string[]> =>
  loadArchive(target, imageArchive(images));

export async function listImages(socket: string): Promise<readonly CriImage[]> {
  return await withClient(socket, async (client) => (await client.unary(ImageService.listImages, {})).images);
}

/** Removing what is not there succeeds. */
export async function removeImage(socket: string, name: string): Promise<void> {
  await withClient(socket, (client) =>
    client.unary(ImageService.removeImage, { image: { image: fullReference(name) } }),
  );
}

export interface BuildOptions {
  readonly name: string;
  /** A folder whose content becomes the image's root, or a tar of one. */
  readonly from: string;
  readonly config: ImageConfig;
  /** Images whose layers lie below. */
  readonly base?: Image;
}

/** Makes an image of a folder or a tar and hands it to `use` (load it, write it); its layers are gone afterwards. */
export async function buildImage<T>(options: BuildOptions, use: (image: Image) => Promise<T>): Promise<T> {
  const scratch = await mkdtemp(join(tmpdir(), "kubets-image-"));
  try {
    const isFolder = (await stat(options.from)).isDirectory();
    const layer = await (isFolder ? makeLayer(folderEntries(options.from), scratch) : tarLayer(options.from, scratch));
    const layers = [...(options.base?.layers ?? []), layer];
    return await use({
      name: fullReference(options.name),
      layers,
      config: { ...options.base?.config, ...options.config },
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

export const writeArchive = (images: readonly Image[], file: string): Promise<void> =>
  pipeline(imageArchive(images), createWriteStream(file));

async function withClient<T>(socket: string, use: (client: ReturnType<typeof grpcClient>) => Promise<T>): Promise<T> {
  const client = grpcClient({ target: `unix://${socket}` });
  try {
    return await use(client);
  } finally {
    client.close();
  }
}
