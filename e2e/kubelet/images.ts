/** Small images made on the spot from Debian's static busybox, as archives that containerd imports. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

interface TarEntry {
  readonly name: string;
  readonly content?: Buffer;
  readonly link?: string;
  readonly folder?: boolean;
  readonly mode?: number;
}

export interface ImageSpec {
  readonly name: string;
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly files?: Readonly<Record<string, string>>;
}

const APPLETS =
  "sh sleep echo cat ls env true false touch id hostname grep stat readlink find sort wc head tail cut tr df mount kill nc httpd printf date mkdir rm test sed ps".split(
    " ",
  );

export const digestOf = (content: Buffer): string => createHash("sha256").update(content).digest("hex");

/** The layers of an image, the lowest first, and its configuration. */
export interface ImageParts {
  readonly layers: readonly Buffer[];
  readonly config: Buffer;
}

export function busyboxParts(spec: ImageSpec): ImageParts {
  const layer = tar([
    ...["bin", "etc", "tmp", "proc", "dev", "sys", "www"].map((name) => ({
      name: `${name}/`,
      folder: true,
      mode: name === "tmp" ? 0o1777 : 0o755,
    })),
    { name: "bin/busybox", content: readFileSync("/bin/busybox"), mode: 0o755 },
    ...APPLETS.map((name) => ({ name: `bin/${name}`, link: "/bin/busybox" })),
    { name: "etc/passwd", content: Buffer.from("root:x:0:0:root:/:/bin/sh\n") },
    { name: "etc/group", content: Buffer.from("root:x:0:\n") },
    ...Object.entries(spec.files ?? {}).map(([name, text]) => ({ name, content: Buffer.from(text) })),
  ]);
  const own = { Env: ["PATH=/bin"], Entrypoint: spec.entrypoint ?? null, Cmd: spec.command ?? null };
  return { layers: [layer], config: configOf([layer], own) };
}

/** What an image is made of that holds files alone. A text that begins with "->" makes a link to what follows. */
export function filesParts(...layers: readonly Readonly<Record<string, string>>[]): ImageParts {
  const made = layers.map((files) =>
    tar(
      Object.entries(files).map(([name, text]) =>
        text.startsWith("->") ? { name, link: text.slice("->".length) } : { name, content: Buffer.from(text) },
      ),
    ),
  );
  return { layers: made, config: configOf(made, {}) };
}

const configOf = (layers: readonly Buffer[], config: object): Buffer =>
  Buffer.from(
    JSON.stringify({
      architecture: process.arch === "arm64" ? "arm64" : "amd64",
      os: "linux",
      config,
      rootfs: { type: "layers", diff_ids: layers.map((layer) => `sha256:${digestOf(layer)}`) },
      history: layers.map(() => ({ created_by: "kubets" })),
    }),
  );

/** An archive of the image in Docker's form. */
export function archiveOf(name: string, { layers, config }: ImageParts): Buffer {
  const file = (layer: Buffer) => `${digestOf(layer)}.tar`;
  const manifest = [{ Config: `${digestOf(config)}.json`, RepoTags: [name], Layers: layers.map(file) }];
  return tar([
    { name: `${digestOf(config)}.json`, content: config },
    ...layers.map((layer) => ({ name: file(layer), content: layer })),
    { name: "manifest.json", content: Buffer.from(JSON.stringify(manifest)) },
  ]);
}

export const busyboxImage = (spec: ImageSpec): Buffer => archiveOf(spec.name, busyboxParts(spec));

export const MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json";

/** What a registry tells of the image. */
export function manifestOf({ layers, config }: ImageParts): Buffer {
  const described = (mediaType: string, content: Buffer) => ({
    mediaType: `application/vnd.docker.${mediaType}`,
    size: content.length,
    digest: `sha256:${digestOf(content)}`,
  });
  return Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST_TYPE,
      config: described("container.image.v1+json", config),
      layers: layers.map((layer) => described("image.rootfs.diff.tar", layer)),
    }),
  );
}

function tar(entries: readonly TarEntry[]): Buffer {
  const blocks: Buffer[] = [];
  for (const { name, content = Buffer.alloc(0), link, folder, mode = 0o644 } of entries) {
    const header = Buffer.alloc(512);
    const octal = (value: number, at: number, length: number) =>
      header.write(`${value.toString(8).padStart(length - 1, "0")}\0`, at, "latin1");
    header.write(name, 0);
    octal(mode, 100, 8);
    octal(0, 108, 8);
    octal(0, 116, 8);
    octal(content.length, 124, 12);
    octal(0, 136, 12);
    header.write("        ", 148);
    header.write(folder ? "5" : link ? "2" : "0", 156);
    if (link) header.write(link, 157);
    header.write("ustar\x0000", 257, "latin1");
    let sum = 0;
    for (const byte of header) sum += byte;
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
    blocks.push(header, content, Buffer.alloc((512 - (content.length % 512)) % 512));
  }
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}
