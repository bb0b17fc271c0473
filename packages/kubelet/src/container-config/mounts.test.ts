import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryDisk } from "../disk/memory-disk.ts";
import type { ContainerConfigError } from "./config-error.ts";
import { type MountedVolume, volumeMounts } from "./mounts.ts";

const mounted = async (disk: MemoryDisk, volume: MountedVolume, more: object) => {
  const container = { name: "c", resources: {}, volumeMounts: [{ name: "v", mountPath: "/in", ...more }] };
  const [mount] = await volumeMounts(container, new Map([["v", volume]]), new Map([["WHERE", "data"]]), disk);
  return mount;
};

test("files of an image are shown for reading, below a folder of it at most", async () => {
  const disk = new MemoryDisk();
  await disk.makeFolder("/image/data/deep");
  await disk.writeFile("/image/file", "");
  await disk.link("data/deep", "/image/good");
  await disk.link("/etc", "/image/bad");
  await disk.link("nowhere", "/image/gone");
  await disk.makeFolder("/etc");
  const volume = { image: "sha256:1", path: "/image" };
  const shown = async (more: object) => {
    const { hostPath, readonly, image, uidMappings } = (await mounted(disk, volume, more)) ?? {};
    assert.deepEqual([readonly, image, uidMappings], [true, undefined, []]);
    return hostPath;
  };
  assert.equal(await shown({}), "/image");
  assert.equal(await shown({ subPath: "data" }), "/image/data");
  assert.equal(await shown({ subPathExpr: "$(WHERE)/deep" }), "/image/data/deep");
  assert.equal(await shown({ subPath: "good" }), "/image/data/deep");
  const refusals: [subPath: string, why: string][] = [
    ["missing", "no such file or directory"],
    ["gone", "no such file or directory"],
    ["bad", "path escapes from parent"],
    ["file", "only directory subpath is supported"],
  ];
  for (const [subPath, why] of refusals) {
    const message = `ImageVolumeMountFailed: failed to ensure image subpath "${subPath}" in "/image": ${why}`;
    await assert.rejects(shown({ subPath }), (error: ContainerConfigError) => {
      assert.deepEqual([error.reason, error.message], ["CreateContainerError", message]);
      return true;
    });
  }
  await assert.rejects(shown({ subPath: "../etc" }), { reason: "CreateContainerConfigError" });
  assert.deepEqual(await disk.list("/image/missing"), []);
});

test("an image that the runtime mounts is named to it, with the subPath", async () => {
  const mount = await mounted(new MemoryDisk(), { image: "sha256:1" }, { subPath: "data" });
  assert.deepEqual(mount, {
    containerPath: "/in",
    readonly: true,
    hostPath: "",
    image: { image: "sha256:1" },
    imageSubPath: "data",
  });
});
