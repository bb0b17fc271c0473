import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryDisk } from "../disk/memory-disk.ts";
import { writeAtomically } from "./atomic-files.ts";

const files = (entries: Record<string, string>) =>
  new Map(Object.entries(entries).map(([path, text]) => [path, { content: Buffer.from(text), mode: 0o644 }]));

test("files are seen through one link, which moves", async () => {
  const disk = new MemoryDisk();
  await disk.makeFolder("/v");
  let prepared = 0;
  const write = (entries: Record<string, string>, now: number) =>
    writeAtomically(disk, "/v", files(entries), now, async () => void prepared++);
  await write({ a: "1", "sub/x": "2", gone: "3" }, 0);
  const first = await disk.readLink("/v/..data");
  assert.match(first ?? "", /^\.\.1970_01_01_00_00_00\.\d{9}$/);
  assert.equal(await disk.readLink("/v/a"), "..data/a");
  assert.equal(await disk.readLink("/v/sub"), "..data/sub");
  assert.equal((await disk.readFile("/v/sub/x")).toString(), "2");

  await write({ a: "1", "sub/x": "2", gone: "3" }, 5000);
  assert.equal(prepared, 1);
  assert.equal(await disk.readLink("/v/..data"), first);

  await write({ a: "4", "sub/x": "2", fresh: "5" }, 5000);
  assert.equal((await disk.readFile("/v/a")).toString(), "4");
  assert.equal((await disk.readFile("/v/fresh")).toString(), "5");
  assert.equal(await disk.readLink("/v/gone"), undefined);
  assert.deepEqual((await disk.list("/v")).filter((name) => name.startsWith("..")).length, 2);
});
