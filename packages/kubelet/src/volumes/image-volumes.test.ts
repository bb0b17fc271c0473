import assert from "node:assert/strict";
import { basename } from "node:path";
import { test } from "node:test";
import type { MountWish } from "../disk/disk.ts";
import { MemoryDisk } from "../disk/memory-disk.ts";
import type { ImageMount } from "../runtime/runtime.ts";
import { ImageVolumes } from "./image-volumes.ts";

const POD = "/kubelet/pods/u";
const FOLDER = `${POD}/volumes/kubernetes.io~image`;
const bind: ImageMount = { type: "bind", source: "/s/1/fs", options: ["ro", "rbind"] };

/** Over a runtime that shows what `shown` says. */
function having(shown: readonly ImageMount[], mountsImages = false) {
  const disk = new MemoryDisk();
  const asked: MountWish[] = [];
  const mount = disk.mount.bind(disk);
  disk.mount = async (wanted) => {
    asked.push(wanted);
    await mount(wanted);
  };
  const views = new Set<string>();
  const runtime = {
    mountsImages: async () => mountsImages,
    async viewImage(name: string) {
      views.add(name);
      return shown;
    },
    async removeView(name: string) {
      const mounts = await disk.mountsBelow(`${FOLDER}/${basename(name)}`);
      assert.deepEqual(mounts, [], "what is mounted is not removed");
      views.delete(name);
    },
  };
  /** As a kubelet has it that starts now. */
  const start = () => new ImageVolumes({ runtime, disk, paths: { root: "/kubelet", podLogs: "/logs" } });
  return { disk, asked, views, start, runtime };
}

test("an image is mounted once for a pod, and a kubelet that started later takes it away", async () => {
  const { disk, asked, views, start } = having([bind]);
  const volumes = start();
  const mounted = { image: "sha256:abc", path: `${FOLDER}/abc` };
  for (let again = 0; again < 2; again++) assert.deepEqual(await volumes.setUp("u", "sha256:abc"), mounted);
  assert.deepEqual(asked, [{ type: "none", source: "/s/1/fs", target: `${FOLDER}/abc`, options: ["ro", "rbind"] }]);
  await volumes.setUp("u", "sha256:def");
  await volumes.setUp("other", "sha256:abc");
  assert.equal(views.size, 3);
  const later = start();
  await later.tearDown("u");
  await later.tearDown("u");
  assert.deepEqual([[...views], await disk.list(FOLDER)], [["kubets/other/abc"], []]);
});

test("a kubelet that ended between the view and the mount left what the next one finds", async () => {
  const { disk, views, start, runtime } = having([bind]);
  const mount = disk.mount.bind(disk);
  disk.mount = async () => Promise.reject(new Error("killed"));
  await assert.rejects(start().setUp("u", "sha256:abc"), /killed/);
  assert.equal(views.size, 1);
  disk.mount = mount;
  await start().tearDown("u");
  assert.deepEqual([views.size, await disk.list(FOLDER)], [0, []]);
  runtime.viewImage = async () => Promise.reject(new Error("no such image"));
  await assert.rejects(start().setUp("u", "sha256:abc"), /no such image/);
  await start().tearDown("u");
  assert.deepEqual(await disk.list(FOLDER), []);
});

test("the paths of many layers are told from the folder of all", async () => {
  const at = (layers: readonly string[]) => ({
    type: "overlay",
    source: "overlay",
    options: ["index=off", `lowerdir=${layers.join(":")}`],
  });
  const { asked, start } = having([at(["/s/snapshots/12/fs", "/s/snapshots/3/fs"])]);
  await start().setUp("u", "sha256:abc");
  assert.deepEqual(asked[0]?.options, ["index=off", "lowerdir=12/fs:3/fs"]);
  assert.equal(asked[0]?.folder, "/s/snapshots/");
  const elsewhere = at(["/s/snapshots/12/fs", "/other/3/fs"]);
  const second = having([elsewhere]);
  await second.start().setUp("u", "sha256:abc");
  assert.deepEqual(second.asked[0]?.options, elsewhere.options);
});

test("a runtime that mounts images is left to do so", async () => {
  const { disk, views, start } = having([bind], true);
  assert.deepEqual(await start().setUp("u", "sha256:abc"), { image: "sha256:abc" });
  await start().tearDown("u");
  assert.deepEqual([views.size, await disk.list(POD)], [0, []]);
});
