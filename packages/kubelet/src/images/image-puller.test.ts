import assert from "node:assert/strict";
import { test } from "node:test";
import { pod } from "@kubets/api/testing/pod-builder";
import { seededRandom, silentLogger, VirtualClock } from "@kubets/machinery";
import { MemoryDisk } from "../disk/memory-disk.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { SimulatedRuntime } from "../runtime/simulated/runtime.ts";
import { ImagePuller } from "./image-puller.ts";
import { PullRecords } from "./pull-records.ts";
import { verificationOf } from "./verification-policy.ts";

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

test("pulls keep the pace of the node", async () => {
  const clock = new VirtualClock();
  const runtime = new SimulatedRuntime({ clock, random: seededRandom(1), disk: new MemoryDisk() });
  const puller = new ImagePuller(runtime, clock, { pace: { rate: 1, burst: 2 } });
  const pull = async (image: string) => {
    const wish = { image, policy: "Always", secrets: [], sandbox: {}, pod: pod(image).build() };
    return await puller
      .ensure(wish, () => {})
      .then(
        () => "pulled",
        (error: Error) => error.message,
      );
  };
  assert.deepEqual(await Promise.all(["a", "b", "c"].map(pull)), ["pulled", "pulled", "pull QPS exceeded"]);
  await clock.advance(1000);
  assert.equal(await pull("d"), "pulled");
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
  const puller = new ImagePuller(runtime, clock, {
    moreCredentials: async () => [{ auth: { username: "node" }, source: {} }],
  });
  const auths = { "r.example.com": { username: "own", password: "p" } };
  const data = { ".dockerconfigjson": Buffer.from(JSON.stringify({ auths })).toString("base64") };
  const metadata = { namespace: "default", name: "pull", uid: "1" };
  const secrets = [{ type: "kubernetes.io/dockerconfigjson", metadata, data } as never];
  const image = "r.example.com/a:1";
  await puller.ensure({ image, policy: "Always", secrets, sandbox: {}, pod: pod("a").build() }, () => {});
  assert.deepEqual(tried, ["own", "node"]);
});

test("an image that is there and was pulled with a secret is pulled again for a pod without it, or refused by a policy of Never", async () => {
  const clock = new VirtualClock();
  const disk = new MemoryDisk();
  const runtime: Runtime = new SimulatedRuntime({ clock, random: seededRandom(1), disk });
  const pull = runtime.pullImage.bind(runtime);
  runtime.pullImage = async (image, auth, sandbox) => {
    if (!auth) throw new Error("denied");
    return await pull(image, auth, sandbox);
  };
  const records = new PullRecords({
    disk,
    folder: "/kubelet",
    mustVerify: verificationOf("NeverVerifyPreloadedImages"),
    refOf: async () => undefined,
    now: () => clock.now(),
    log: silentLogger,
  });
  const puller = new ImagePuller(runtime, clock, { records });
  const auths = { "r.example.com": { username: "own", password: "p" } };
  const data = { ".dockerconfigjson": Buffer.from(JSON.stringify({ auths })).toString("base64") };
  const metadata = { namespace: "default", name: "pull", uid: "1" };
  const secrets = [{ type: "kubernetes.io/dockerconfigjson", metadata, data } as never];
  const wish = (policy: string, own: typeof secrets) => ({
    image: "r.example.com/a:1",
    policy,
    secrets: own,
    sandbox: {},
    pod: pod("a").uid(crypto.randomUUID()).build(),
  });
  const told: string[] = [];
  const ensure = (policy: string, own: typeof secrets = []) =>
    puller.ensure(wish(policy, own), (_, reason) => told.push(reason));
  await ensure("IfNotPresent", secrets);
  await ensure("IfNotPresent", secrets);
  await ensure("Never", secrets);
  await assert.rejects(ensure("IfNotPresent"), { reason: "ErrImagePull", message: "denied" });
  await assert.rejects(ensure("Never"), {
    reason: "ErrImageNeverPull",
    message:
      'Container image "r.example.com/a:1" is present with pull policy of Never but does not have the proper credentials to access the image',
  });
  assert.deepEqual(told, ["Pulling", "Pulled", "Pulled", "Pulled", "Pulling", "Failed", "ErrImageNeverPull"]);
});
