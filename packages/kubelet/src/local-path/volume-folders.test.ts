import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryDisk } from "../disk/memory-disk.ts";
import { volumeFolders } from "./volume-folders.ts";

test("a volume's name leads to its folder and nowhere else", async () => {
  const disk = new MemoryDisk();
  const folders = volumeFolders(disk, "/volumes");
  assert.equal(await folders.make("pvc-1"), "/volumes/pvc-1");
  assert.equal(await folders.make("pvc-1"), "/volumes/pvc-1");
  await assert.rejects(async () => folders.remove("pvc-1/../../etc"), /is no name of a volume/);
  await folders.remove("pvc-1");
  await folders.remove("pvc-1");
  assert.deepEqual(await disk.list("/volumes"), []);
});
