import assert from "node:assert/strict";
import { test } from "node:test";
import { RuntimeError } from "../runtime/runtime.ts";
import type { DiskEntry } from "./disk.ts";
import { runtimeDisks } from "./runtime-disks.ts";

const DEVICES: Readonly<Record<string, number>> = {
  "/kubelet": 1,
  "/same": 1,
  "/own": 2,
  "/other": 3,
  "/other/too": 3,
};
const at = (mountpoint: string) => ({ mountpoint, usedBytes: 1, inodesUsed: 1 });

const disks = (images?: string, containers?: string, maySplit = true) =>
  runtimeDisks({
    runtime: {
      filesystems: async () => ({
        ...(images && { images: at(images) }),
        ...(containers && { containers: at(containers) }),
      }),
    },
    disk: {
      stat: async (path) => (DEVICES[path] === undefined ? undefined : ({ device: DEVICES[path] } as DiskEntry)),
    },
    root: "/kubelet",
    maySplit,
  });

for (const [images, containers, layout] of [
  [undefined, undefined, "together"],
  ["/same", undefined, "together"],
  ["/same", "/kubelet", "together"],
  ["/own", undefined, "apart"],
  ["/own", "/own", "apart"],
  ["/other", "/other/too", "apart"],
  ["/own", "/same", "split"],
  ["/same", "/own", "split"],
  ["/gone", "/same", "together"],
] as const)
  test(`images at ${images} and containers at ${containers} are ${layout}`, async () => {
    const found = await disks(images, containers);
    assert.equal(found.layout, layout);
    assert.equal(found.images?.mountpoint, images);
    assert.equal(found.containers?.mountpoint, layout === "split" ? containers : images);
  });

test("without the gate containers are where the images are", async () => {
  const { layout, containers } = await disks("/own", "/same", false);
  assert.deepEqual([layout, containers?.mountpoint], ["apart", "/own"]);
});

test("a runtime that does not answer says nothing", async () => {
  const runtime = { filesystems: async () => Promise.reject(new RuntimeError("Unavailable", "no")) };
  const found = await runtimeDisks({ runtime, disk: { stat: async () => undefined }, root: "/", maySplit: true });
  assert.deepEqual(found, { layout: "together", images: undefined, containers: undefined });
});
