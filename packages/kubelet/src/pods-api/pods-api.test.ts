/** The pods API as programs of a node see it: a whole kubelet, its socket, and pods that come and go. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { decodeProtobuf } from "@kubets/api/codec/protobuf";
import { pods } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { structOf } from "@kubets/api/schema";
import { pod } from "@kubets/api/testing/pod-builder";
import { realClock, seededRandom, silentLogger } from "@kubets/machinery";
import { EventType, Pods } from "@kubets/wire/generated/kubelet/v1alpha1";
import { grpcClient } from "@kubets/wire/grpc";
import { kubeletDefaults } from "../config.ts";
import { MemoryDisk } from "../disk/memory-disk.ts";
import { realDisk } from "../disk/real-disk.ts";
import { startKubelet } from "../kubelet.ts";
import { SimulatedRuntime } from "../runtime/simulated/runtime.ts";
import { NodeApi } from "../testing/node-api.ts";
import { simulatedMachine } from "../testing/simulated-node.ts";
import { type PodChange, PodFeed } from "./pod-feed.ts";

const podOf = (raw: Uint8Array | undefined) =>
  decodeProtobuf(structOf("api.core.v1.Pod"), {
    apiVersion: "v1",
    kind: "Pod",
    raw: raw ?? new Uint8Array(),
  }) as unknown as Pod;

/** A kubelet over simulated containers, with a folder of the machine. */
async function nodeWith(featureGates: Readonly<Record<string, boolean>>) {
  const root = mkdtempSync(join(tmpdir(), "kubets-pods-"));
  const api = new NodeApi(realClock);
  const random = seededRandom(1);
  const exec = { run: async () => Promise.reject(new Error("no programs here")) };
  mkdirSync(join(root, "kubelet"));
  const begin = () =>
    startKubelet({
      client: api.client,
      runtime: new SimulatedRuntime({ clock: realClock, random, disk: new MemoryDisk(), images: ["*"] }),
      nodeName: "node-1",
      clock: realClock,
      random,
      log: silentLogger,
      disk: realDisk(exec),
      paths: { root: join(root, "kubelet"), podLogs: join(root, "logs"), logLinks: join(root, "links") },
      machine: simulatedMachine,
      addresses: ["192.0.2.10"],
      config: { ...kubeletDefaults, file: { ...kubeletDefaults.file, featureGates } },
      observe: async () => ({}),
      plugins: true,
    });
  const socket = join(root, "kubelet/pods-api/pods-api.sock");
  return { api, begin, socket, remove: () => rmSync(root, { recursive: true }) };
}

const made = (name: string) => pod(name).on("node-1").uid(`uid-${name}`).container("c", { image: "demo:1" }).build();

test("programs of the machine list its pods, get one, and watch them come, change and go", async (t) => {
  const { api, begin, socket, remove } = await nodeWith({ PodsAPI: true });
  t.after(remove);
  const comeBack = api.goAway();
  const kubelet = await begin();
  const client = grpcClient({ target: `unix://${socket}` });
  t.after(async () => {
    client.close();
    await kubelet.stop();
  });
  await assert.rejects(client.unary(Pods.listPods, {}, { waitForReady: true }), {
    code: "FAILED_PRECONDITION",
    message: "Kubelet is initializing",
  });
  comeBack();
  await kubelet.ready;
  await api.createPod(made("a"));

  const stop = new AbortController();
  const heard: { type: number; pod: Pod }[] = [];
  const watching = (async () => {
    for await (const { type, pod: raw } of client.serverStream(Pods.watchPods, {}, { signal: stop.signal }))
      heard.push({ type, pod: podOf(raw) });
  })().catch((error: unknown) => assert.ok(stop.signal.aborted, String(error)));
  const until = async (what: string, found: () => boolean) => {
    for (const end = Date.now() + 20_000; !found(); await new Promise((resolve) => setTimeout(resolve, 10)))
      if (Date.now() > end) throw new Error(`never came: ${what}`);
  };
  const of = (type: number, name: string) =>
    heard.filter((each) => each.type === type && each.pod.metadata.name === name);
  await until("the mark", () => heard.some(({ type }) => type === EventType.INITIAL_SYNC_COMPLETE));
  await api.createPod(made("b"));
  await until("an addition", () => of(EventType.ADDED, "b").length === 1);
  await until("a change", () => of(EventType.MODIFIED, "b").some((each) => each.pod.status.phase === "Running"));
  await until("the first to run", () =>
    heard.some((each) => each.pod.metadata.name === "a" && each.pod.status.phase === "Running"),
  );

  const { pods: listed } = await client.unary(Pods.listPods, {});
  assert.deepEqual(
    listed.map((raw) => podOf(raw)).map(({ metadata, status }) => [metadata.name, status.phase]),
    [
      ["a", "Running"],
      ["b", "Running"],
    ],
  );
  const one = podOf((await client.unary(Pods.getPod, { podUID: "uid-b" })).pod);
  assert.deepEqual([one.metadata.name, one.spec.containers[0]?.image], ["b", "demo:1"]);
  await assert.rejects(client.unary(Pods.getPod, { podUID: "no" }), {
    code: "NOT_FOUND",
    message: "pod with UID no not found",
  });

  await api.client.patch(
    pods,
    { namespace: "default", name: "a" },
    { type: "merge", body: { metadata: { labels: { x: "y" } } } },
  );
  await until("a new label", () => of(EventType.MODIFIED, "a").some((each) => each.pod.metadata.labels?.["x"] === "y"));
  await api.deletePod("b", 1);
  await until("a removal", () => of(EventType.DELETED, "b").length === 1);
  const [gone] = of(EventType.DELETED, "b");
  assert.deepEqual([gone?.pod.metadata.uid, gone?.pod.spec], ["uid-b", { containers: [] }]);
  for (const [i, { type, pod: each }] of heard.entries())
    if (type === EventType.MODIFIED) {
      const before = heard.slice(0, i).findLast((other) => other.pod.metadata.uid === each.metadata.uid);
      assert.notDeepEqual(each, before?.pod, "what did not change is not told again");
    }

  const asked = await Promise.allSettled(Array.from({ length: 20 }, () => client.unary(Pods.listPods, {})));
  const refused = asked.filter((each) => each.status === "rejected").map(({ reason }) => (reason as Error).message);
  assert.ok(refused.includes("rejected by rate limit"));
  stop.abort();
  await watching;
});

test("without the gate there is no socket", async (t) => {
  const { begin, socket, remove } = await nodeWith({});
  t.after(remove);
  const kubelet = await begin();
  t.after(() => kubelet.stop());
  await kubelet.ready;
  assert.equal(existsSync(socket), false);
});

test("who does not read what it watches is let go, and the others hear on", async () => {
  let dropped = 0;
  const feed = new PodFeed({ pods: () => [made("a")], dropped: () => dropped++ });
  const { signal } = new AbortController();
  const [slow, quick] = [feed.watch(signal), feed.watch(signal)].map((each) => each[Symbol.asyncIterator]());
  const next = async (watch: AsyncIterator<PodChange> | undefined) => (await watch?.next())?.value as PodChange;
  for (const watch of [slow, quick]) {
    assert.equal((await next(watch)).type, EventType.ADDED);
    assert.equal((await next(watch)).type, EventType.INITIAL_SYNC_COMPLETE);
  }
  const changed = (round: number) =>
    pod("a")
      .uid("uid-a")
      .labels({ round: `${round}` })
      .container("c", {})
      .build();
  for (let round = 0; round < 101; round++) {
    feed.saw(changed(round));
    feed.saw(changed(round));
    assert.equal(podOf((await next(quick)).pod).metadata.labels?.["round"], `${round}`);
  }
  assert.equal(dropped, 1);
  for (let round = 0; round < 100; round++) await next(slow);
  await assert.rejects(async () => await next(slow), { code: "RESOURCE_EXHAUSTED" });
  feed.lost(made("a"));
  assert.equal((await next(quick)).type, EventType.DELETED);
  await quick?.return?.();
});
