import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryDisk } from "../disk/memory-disk.ts";
import { nodeLog } from "./node-logs.ts";

test("folders are links, files are shown, and nothing outside is", async () => {
  const disk = new MemoryDisk();
  await disk.makeFolder("/var/log/pods");
  await disk.makeFolder("/etc");
  await disk.writeFile("/etc/shadow", "secret");
  await disk.writeFile("/var/log/a<b", "text");
  await disk.link("/etc/shadow", "/var/log/link");
  const page = await nodeLog(disk, "/var/log", "");
  assert.ok(page && "page" in page);
  assert.match(page.page, /<a href="pods\/">pods\/<\/a>/);
  assert.match(page.page, /<a href="a%3Cb">a&lt;b<\/a>/);
  const file = await nodeLog(disk, "/var/log", "a<b");
  assert.equal(file && "file" in file && file.file.toString(), "text");
  for (const path of ["../../etc/shadow", "link", "none"])
    assert.equal(await nodeLog(disk, "/var/log", path), undefined);
});
