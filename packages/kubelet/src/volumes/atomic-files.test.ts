import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryDisk } from "../disk/memory-disk.ts";
import { writeAtomically } from "./atomic-files.ts";

const files = (entries: Record<string, string>) =>
  new Map(Object.entries(entries).map(([path, text]) => [path, { content: Buffer.from(text), mode: 0o644 }]));

test("files are seen through one link, which moves", async () => {
  const disk = new MemoryDisk();
  await disk.makeFolder("/v");
  assert.equal(await writeAtomically(disk, "/v", files({ a: "1", "sub/x": "2", gone: "3" }), 0), true);
  const first = await disk.readLink("/v/..data");
  assert.match(first ?? "", /^\.\.1970_01_01_00_00_00\.\d{9}$/);
  assert.equal(await disk.readLink("/v/a"), "..data/a");
  assert.equal(await disk.readLink("/v/sub"), "..data/sub");
  assert.equal((await disk.readFile("/v/sub/x")).toString(), "2");

  assert.equal(await writeAtomically(disk, "/v", files({ a: "1", "sub/x": "2", gone: "3" }), 5000), false);
  assert.equal(await disk.readLink("/v/..data"), first);

  assert.equal(await writeAtomically(disk, "/v", files({ a: "4", "sub/x": "2", fresh: "5" }), 5000), true);
  assert.equal((await disk.readFile("/v/a")).toString(), "4");
  assert.equal((await disk.readFile("/v/fresh")).toString(), "5");
  assert.equal(await disk.readLink("/v/gone"), undefined);
  assert.deepEqual((await disk.list("/v")).filter((name) => name.startsWith("..")).length, 2);
});
