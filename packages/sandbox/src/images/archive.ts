/**
 * Images as an archive that every container engine loads: an OCI layout in a tar, with the list that `docker load` reads beside it.
 */
import { Readable } from "node:stream";
import { type Pack, pack } from "tar-stream";
import { type Blob, jsonBlob } from "./blob.ts";
import { type Layer, putFile } from "./layer.ts";

export interface ImageConfig {
  readonly entrypoint?: readonly string[];
  readonly cmd?: readonly string[];
  readonly env?: readonly string[];
  readonly workingDir?: string;
  readonly user?: string;
  readonly exposedPorts?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
}

export interface Image {
  /** The full reference, with registry and tag; see `fullReference`. */
  readonly name: string;
  readonly layers: readonly Layer[];
  readonly config: ImageConfig;
}

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };
const OCI = "application/vnd.oci.image";

interface Described {
  readonly image: Image;
  readonly manifest: Blob;
  readonly config: Blob;
}

function describe(image: Image, arch: string): Described {
  const config = jsonBlob({
    architecture: ARCHITECTURES[arch] ?? arch,
    os: "linux",
    created: new Date(0).toISOString(),
    config: runConfig(image.config),
    rootfs: { type: "layers", diff_ids: image.layers.map(({ diffId }) => diffId) },
    history: image.layers.map(() => ({ created: new Date(0).toISOString(), created_by: "kubets image build" })),
  });
  const manifest = jsonBlob({
    schemaVersion: 2,
    mediaType: `${OCI}.manifest.v1+json`,
    config: descriptor(config, `${OCI}.config.v1+json`),
    layers: image.layers.map((layer) => descriptor(layer, `${OCI}.layer.v1.tar+gzip`)),
  });
  return { image, manifest, config };
}

const descriptor = ({ digest, size }: Blob, mediaType: string) => ({ mediaType, digest, size });

const runConfig = (config: ImageConfig) => ({
  Env: config.env ?? ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
  ...(config.entrypoint && { Entrypoint: config.entrypoint }),
  ...(config.cmd && { Cmd: config.cmd }),
  ...(config.workingDir && { WorkingDir: config.workingDir }),
  ...(config.user && { User: config.user }),
  ...(config.exposedPorts && { ExposedPorts: Object.fromEntries(config.exposedPorts.map((port) => [port, {}])) }),
  ...(config.labels && { Labels: config.labels }),
});

/** The archive as a stream of bytes. */
export function imageArchive(images: readonly Image[], arch: string = process.arch): Readable {
  const archive = pack();
  const described = images.map((image) => describe(image, arch));
  fill(archive, described).then(
    () => archive.finalize(),
    (error: Error) => archive.destroy(error),
  );
  return Readable.from(archive as unknown as AsyncIterable<Buffer>);
}

async function fill(archive: Pack, described: readonly Described[]): Promise<void> {
  const index = {
    schemaVersion: 2,
    mediaType: `${OCI}.index.v1+json`,
    manifests: described.map(({ image, manifest }) => ({
      ...descriptor(manifest, `${OCI}.manifest.v1+json`),
      annotations: { "io.containerd.image.name": image.name, "org.opencontainers.image.ref.name": tagOf(image.name) },
    })),
  };
  const dockerList = described.map(({ image, config }) => ({
    Config: blobPath(config),
    RepoTags: [image.name],
    Layers: image.layers.map(blobPath),
  }));
  await putJson(archive, "oci-layout", { imageLayoutVersion: "1.0.0" });
  await putJson(archive, "index.json", index);
  await putJson(archive, "manifest.json", dockerList);
  // Images share layers; each is written once.
  const blobs = new Map(
    described
      .flatMap(({ image, manifest, config }) => [manifest, config, ...image.layers])
      .map((blob) => [blob.digest, blob]),
  );
  for (const blob of blobs.values()) await putBlob(archive, blob);
}

const blobPath = ({ digest }: Blob): string => `blobs/${digest.replace(":", "/")}`;
const tagOf = (name: string): string => name.slice(name.lastIndexOf(":") + 1);

const putJson = (archive: Pack, name: string, value: unknown): Promise<void> =>
  putBytes(archive, name, Buffer.from(JSON.stringify(value)));

const putBytes = (archive: Pack, name: string, bytes: Buffer): Promise<void> =>
  new Promise((resolve, reject) => {
    archive.entry({ name, mode: 0o644, mtime: new Date(0) }, bytes, (error) => (error ? reject(error) : resolve()));
  });

async function putBlob(archive: Pack, blob: Blob): Promise<void> {
  if ("bytes" in blob.content) await putBytes(archive, blobPath(blob), blob.content.bytes);
  else await putFile(archive, { name: blobPath(blob), mode: 0o644, mtime: new Date(0) }, blob.content.file);
}
