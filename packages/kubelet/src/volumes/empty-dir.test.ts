import assert from "node:assert/strict";
import { test } from "node:test";
import { pod } from "@kubets/api/testing/pod-builder";
import type { MountWish } from "../disk/disk.ts";
import { MemoryDisk } from "../disk/memory-disk.ts";
import { emptyDirVolume } from "./empty-dir.ts";
import type { VolumeContext } from "./volume.ts";

test("huge pages are mounted in the size that the pod asks for, once", async () => {
  const disk = new MemoryDisk();
  const mounted: MountWish[] = [];
  const mount = disk.mount.bind(disk);
  disk.mount = async (wish) => {
    mounted.push(wish);
    await mount(wish);
  };
  const setUp = (medium: string, ...sizes: string[]) => {
    const limits = Object.fromEntries(sizes.map((size) => [`hugepages-${size}`, "4Mi"]));
    const context = {
      volume: { name: "v", emptyDir: { medium } },
      folder: `/${medium}`,
      disk,
      pod: pod("a").container("c", { resources: { limits } }).build(),
    };
    return emptyDirVolume.setUp(context as unknown as VolumeContext);
  };
  await setUp("HugePages", "2Mi");
  await setUp("HugePages", "2Mi");
  await setUp("HugePages-1Gi", "2Mi", "1Gi");
  assert.deepEqual(mounted, [
    { type: "hugetlbfs", source: "nodev", target: "/HugePages", options: ["pagesize=2M"] },
    { type: "hugetlbfs", source: "nodev", target: "/HugePages-1Gi", options: ["pagesize=1G"] },
  ]);
  await assert.rejects(setUp("HugePages", "2Mi", "1Gi"), /more than one page size/);
  await assert.rejects(setUp("HugePages"), /only by a pod that asks for huge pages/);
  await assert.rejects(setUp("HugePages-1Gi", "2Mi"), /only by a pod that asks for pages of this size/);
});
