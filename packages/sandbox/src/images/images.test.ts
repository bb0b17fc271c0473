import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { gunzipSync } from "node:zlib";
import { extract } from "tar-stream";
import { imageArchive } from "./archive.ts";
import { digestOf } from "./blob.ts";
import { buildImage } from "./commands.ts";
import { folderEntries, makeLayer, tarLayer } from "./layer.ts";
import { fullReference } from "./reference.ts";

async function unpack(stream: AsyncIterable<Buffer>): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  const reading = extract();
  const feeding = (async () => {
    for await (const chunk of stream) reading.write(chunk);
    reading.end(undefined);
  })();
  for await (const entry of reading) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    files.set(entry.header.name, Buffer.concat(chunks));
  }
  await feeding;
  return files;
}

describe("images", () => {
  let scratch: string;
  before(async () => {
    scratch = await mkdtemp(join(tmpdir(), "kubets-images-"));
    await mkdir(join(scratch, "root/bin"), { recursive: true });
    await writeFile(join(scratch, "root/bin/tool"), "x".repeat(100_000), { mode: 0o755 });
    await symlink("tool", join(scratch, "root/bin/link"));
  });
  after(() => rm(scratch, { recursive: true, force: true }));

  it("gives one tree one digest", async () => {
    const folder = join(scratch, "root");
    const [one, two] = [
      await makeLayer(folderEntries(folder), scratch),
      await makeLayer(folderEntries(folder), scratch),
    ];
    assert.equal(one.digest, two.digest);
    assert.notEqual(one.digest, one.diffId);
  });

  it("takes the tree of a tar, packed or not", async () => {
    const folder = join(scratch, "root");
    const made = await makeLayer(folderEntries(folder), scratch);
    const packed = (made.content as { file: string }).file;
    const plain = join(scratch, "root.tar");
    await writeFile(plain, gunzipSync(await readFile(packed)));
    for (const tar of [packed, plain]) assert.equal((await tarLayer(tar, scratch)).diffId, made.diffId);
  });

  it("writes an archive whose parts are what their digests say", async () => {
    const config = { entrypoint: ["/bin/tool"] };
    const files = await buildImage({ name: "tool:1", from: join(scratch, "root"), config }, (image) =>
      unpack(imageArchive([image], "x64")),
    );
    for (const [path, bytes] of files) {
      if (path.startsWith("blobs/sha256/"))
        assert.equal(`sha256:${path.slice("blobs/sha256/".length)}`, digestOf(bytes));
    }
    const json = (name: string) => JSON.parse(String(files.get(name))) as never;
    const index: { manifests: { digest: string; annotations: Record<string, string> }[] } = json("index.json");
    assert.equal(index.manifests[0]?.annotations["io.containerd.image.name"], "docker.io/library/tool:1");
    const manifest: { layers: { digest: string }[]; config: { digest: string } } = json(
      `blobs/${index.manifests[0]?.digest.replace(":", "/")}`,
    );
    const imageConfig: { architecture: string; rootfs: { diff_ids: string[] } } = json(
      `blobs/${manifest.config.digest.replace(":", "/")}`,
    );
    assert.equal(imageConfig.architecture, "amd64");
    const layer = files.get(`blobs/${manifest.layers[0]?.digest.replace(":", "/")}`) ?? assert.fail("no layer");
    assert.equal(digestOf(gunzipSync(layer)), imageConfig.rootfs.diff_ids[0]);
  });
});

describe("fullReference", () => {
  for (const [name, full] of [
    ["web", "docker.io/library/web:latest"],
    ["me/web:1", "docker.io/me/web:1"],
    ["localhost/web", "localhost/web:latest"],
    ["kubets.local/demo:1", "kubets.local/demo:1"],
    ["reg:5000/a/b:2", "reg:5000/a/b:2"],
  ] as const) {
    it(`reads ${name}`, () => assert.equal(fullReference(name), full));
  }
  it("refuses what is no name", () => {
    for (const name of ["", "Web", "a b", "a:"]) assert.throws(() => fullReference(name), /is not the name/);
  });
});
