import assert from "node:assert/strict";
import { test } from "node:test";
import { pod } from "@kubets/api/testing/pod-builder";
import { seededRandom, VirtualClock } from "@kubets/machinery";
import { MemoryDisk } from "../disk/memory-disk.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { SimulatedRuntime } from "../runtime/simulated/runtime.ts";
import { ImagePuller } from "./image-puller.ts";

for (const [parallel, atOnce] of [
  [1, 1],
  [2, 2],
  [undefined, 4],
] as const)
  test(`with ${parallel ?? "any number of"} pulls at a time, of four images ${atOnce} begin at once`, async () => {
    const clock = new VirtualClock();
    const runtime = new SimulatedRuntime({
      clock,
      random: seededRandom(1),
      disk: new MemoryDisk(),
      script: { pull: () => ({ delayMs: 1000 }) },
    });
    let [now, most] = [0, 0];
    const pull = runtime.pullImage.bind(runtime);
    runtime.pullImage = async (...args) => {
      most = Math.max(most, ++now);
      return await pull(...args).finally(() => now--);
    };
    const puller = new ImagePuller(runtime, clock, parallel === undefined ? {} : { parallel });
    const wish = (image: string) => ({ image, policy: "Always", secrets: [], sandbox: {}, pod: pod("a").build() });
    const all = Promise.all(["a", "b", "c", "d"].map((image) => puller.ensure(wish(image), () => {})));
    await clock.advance(5000);
    assert.equal((await all).length, 4);
    assert.equal(most, atOnce);
  });

test("credentials of the node are tried after the pod's own", async () => {
  const clock = new VirtualClock();
  const runtime: Runtime = new SimulatedRuntime({ clock, random: seededRandom(1), disk: new MemoryDisk() });
  const tried: (string | undefined)[] = [];
  const pull = runtime.pullImage.bind(runtime);
  runtime.pullImage = async (image, auth, sandbox) => {
    tried.push(auth?.username);
    if (auth?.username !== "node") throw new Error("denied");
    return await pull(image, auth, sandbox);
  };
  const puller = new ImagePuller(runtime, clock, { moreCredentials: async () => [{ username: "node" }] });
  const auths = { "r.example.com": { username: "own", password: "p" } };
  const data = { ".dockerconfigjson": Buffer.from(JSON.stringify({ auths })).toString("base64") };
  const secrets = [{ type: "kubernetes.io/dockerconfigjson", data } as never];
  const image = "r.example.com/a:1";
  await puller.ensure({ image, policy: "Always", secrets, sandbox: {}, pod: pod("a").build() }, () => {});
  assert.deepEqual(tried, ["own", "node"]);
});
