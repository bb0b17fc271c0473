import assert from "node:assert/strict";
import { test } from "node:test";
import type { MountWish } from "../disk/disk.ts";
import { MemoryDisk } from "../disk/memory-disk.ts";
import { nfsVolume } from "./nfs.ts";
import type { VolumeContext } from "./volume.ts";

test("a folder of a server is mounted once, with the volume's options; what cannot be mounted leaves nothing", async () => {
  const disk = new MemoryDisk();
  const asked: MountWish[] = [];
  const mount = disk.mount.bind(disk);
  let refuses = false;
  disk.mount = async (wanted) => {
    asked.push(wanted);
    if (refuses) throw new Error("mount.nfs: No such device");
    await mount(wanted);
  };
  const context = (server: string, folder: string) =>
    ({
      volume: { name: "v", nfs: { server, path: "/export", readOnly: true } },
      folder,
      disk,
      mountOptions: ["nfsvers=4.2"],
    }) as unknown as VolumeContext;
  const first = context("192.0.2.1", "/a");
  assert.deepEqual(await nfsVolume.setUp(first), { path: "/a", readOnly: true });
  await nfsVolume.setUp(first);
  const options = ["ro", "nfsvers=4.2"];
  assert.deepEqual(asked, [{ type: "nfs", source: "192.0.2.1:/export", target: "/a", options }]);
  await nfsVolume.setUp(context("2001:db8::1", "/b"));
  assert.equal(asked[1]?.source, "[2001:db8::1]:/export");
  refuses = true;
  await assert.rejects(nfsVolume.setUp(context("192.0.2.1", "/c")), /mount failed: mount.nfs: No such device/);
  assert.equal(await disk.stat("/c"), undefined);
});
