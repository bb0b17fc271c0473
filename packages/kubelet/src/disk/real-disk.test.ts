import assert from "node:assert/strict";
import { link, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { machineExec } from "../exec.ts";
import { realDisk } from "./real-disk.ts";

test("what a folder takes of the disk: each file once, links for themselves", async () => {
  const folder = await mkdtemp(join(tmpdir(), "kubets-disk-"));
  const disk = realDisk(machineExec());
  try {
    assert.deepEqual(await disk.usage(join(folder, "none")), { bytes: 0, inodes: 0 });
    const empty = await disk.usage(folder);
    await mkdir(join(folder, "below"));
    await writeFile(join(folder, "below/file"), Buffer.alloc(1 << 20, 1));
    await link(join(folder, "below/file"), join(folder, "again"));
    await symlink("/", join(folder, "elsewhere"));
    const { bytes, inodes } = await disk.usage(folder);
    assert.equal(inodes, 4);
    assert.ok(bytes - empty.bytes >= 1 << 20 && bytes - empty.bytes < (1 << 20) + 65_536, String(bytes));
  } finally {
    await rm(folder, { recursive: true });
  }
});
