/** What goes over a CRI socket, by a runtime that tells its own events, has user namespaces and mounts images. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { runtimeclasses } from "@kubets/api/generated/refs";
import { pod } from "@kubets/api/testing/pod-builder";
import { realClock, seededRandom, silentLogger } from "@kubets/machinery";
import { kubeletDefaults } from "../../config.ts";
import { MemoryDisk } from "../../disk/memory-disk.ts";
import { imagesInUse } from "../../images/image-gc.ts";
import { startKubelet } from "../../kubelet.ts";
import { criServer } from "../../testing/cri-server.ts";
import { NodeApi } from "../../testing/node-api.ts";
import { simulatedMachine } from "../../testing/simulated-node.ts";
import { POD_UID } from "../names.ts";
import { runtimeSuite } from "../runtime.suite.ts";
import { imageKey } from "../runtime.ts";
import { SimulatedRuntime } from "../simulated/runtime.ts";
import { criRuntime } from "./runtime.ts";

/** `inPieces`: whether the kubelet asks for pieces, and whether the runtime has nothing else. */
async function behindSocket(inPieces: { readonly asked?: boolean; readonly only?: boolean } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "cri-"));
  const disk = new MemoryDisk();
  const behind = new SimulatedRuntime({
    clock: realClock,
    random: seededRandom(1),
    disk,
    images: ["demo:1", "data:1"],
  });
  const endpoint = `unix://${join(folder, "cri.sock")}`;
  const server = await criServer(endpoint, behind, inPieces.only);
  const runtime = criRuntime({ endpoint, inPieces: inPieces.asked ?? false });
  const close = async () => {
    runtime.close();
    await server.close(0);
    rmSync(folder, { recursive: true });
  };
  return { behind, disk, runtime, close };
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 20_000; !(await condition()); await new Promise((resolve) => setTimeout(resolve, 20)))
    if (Date.now() > end) throw new Error("it did not come true");
}

for (const [name, inPieces] of [
  ["", {}],
  [", its lists in pieces", { asked: true, only: true }],
  [", asked for pieces that it does not have", { asked: true }],
] as const)
  runtimeSuite(`behind a CRI socket${name}`, async () => {
    const { runtime, close } = await behindSocket(inPieces);
    return { runtime, image: "demo:1", logs: "/logs", until, close };
  });

test("lists that are too large for a message come in pieces, to who asks for them", async (t) => {
  const [asking, not] = [await behindSocket({ asked: true, only: true }), await behindSocket({ only: true })];
  for (const { close } of [asking, not]) t.after(close);
  const metadata = { name: "a", namespace: "default", uid: "u", attempt: 0 };
  const sandboxes = ["u", "v"].map((uid) => asking.behind.runSandbox({ metadata: { ...metadata, uid } }, ""));
  const [first = ""] = await Promise.all(sandboxes);
  const image = (await asking.behind.imageStatus("demo:1"))?.id ?? "";
  const config = { metadata: { name: "c", attempt: 0 }, image: { image }, labels: { [POD_UID]: "u" } };
  await asking.behind.startContainer(await asking.behind.createContainer(first, config));
  const { runtime } = asking;
  assert.deepEqual((await runtime.listSandboxes()).map(({ uid }) => uid).sort(), ["u", "v"]);
  assert.deepEqual(await runtime.listContainers("u"), await asking.behind.listContainers("u"));
  assert.equal((await runtime.listContainers("v")).length, 0);
  assert.equal((await runtime.listImages()).length, 2);
  assert.equal((await runtime.containerStats()).length, 1);
  for (const list of ["listSandboxes", "listContainers", "listImages", "containerStats"] as const)
    await assert.rejects(not.runtime[list](), { name: "RuntimeError", message: /larger than max/ }, list);
});

/** A kubelet over the socket, with these gates open. */
async function kubeletOver({ runtime, disk }: Awaited<ReturnType<typeof behindSocket>>, ...gates: readonly string[]) {
  const api = new NodeApi(realClock);
  const featureGates = Object.fromEntries(gates.map((gate) => [gate, true]));
  const kubelet = await startKubelet({
    client: api.client,
    runtime,
    nodeName: "node-1",
    clock: realClock,
    random: seededRandom(1),
    log: silentLogger,
    disk,
    paths: { root: "/var/lib/kubelet", podLogs: "/var/log/pods" },
    machine: simulatedMachine,
    addresses: ["192.0.2.10"],
    config: { ...kubeletDefaults, file: { ...kubeletDefaults.file, featureGates } },
    observe: async () => ({}),
  });
  await kubelet.ready;
  await until(async () => kubelet.node.node !== undefined);
  return { api, kubelet };
}

test("a runtime tells the disk of its images, and that of what containers write", async (t) => {
  const { behind, runtime, close } = await behindSocket();
  t.after(close);
  assert.deepEqual(await runtime.filesystems(), {});
  const told = {
    images: { mountpoint: "/images", usedBytes: 5, inodesUsed: 2 },
    containers: { mountpoint: "/written", usedBytes: 7, inodesUsed: 3 },
  };
  behind.filesystems = async () => told;
  assert.deepEqual(await runtime.filesystems(), told);
});

test("a kubelet over the socket hears of ends, gives pods users of their own, and mounts images", async (t) => {
  const socket = await behindSocket();
  const { behind } = socket;
  t.after(socket.close);
  const { api, kubelet } = await kubeletOver(socket, "ContainerStopSignals");
  t.after(() => kubelet.stop());
  await api.createPod(
    pod("a")
      .on("node-1")
      .uid("u")
      .container("c", { image: "demo:1", volumeMounts: [{ name: "v", mountPath: "/data", subPath: "part" }] })
      .spec({ hostUsers: false, volumes: [{ name: "v", image: { reference: "data:1", pullPolicy: "IfNotPresent" } }] })
      .build(),
  );
  const container = async () => (await api.pod("a"))?.status.containerStatuses?.[0];
  await until(async () => (await container())?.ready === true);
  assert.equal((await container())?.stopSignal, "SIGTERM");
  const [made] = await behind.listContainers("u");
  const { mounts = [], linux } = behind.configOf(made?.id ?? "");
  const { image, imageSubPath, readonly } = mounts.find(({ containerPath }) => containerPath === "/data") ?? {};
  assert.equal(image?.image, (await behind.imageStatus("data:1"))?.id);
  assert.deepEqual([imageSubPath, readonly], ["part", true]);
  const users = linux?.securityContext?.namespaceOptions?.usernsOptions;
  assert.equal(users?.mode, 0);
  const [mapping] = users?.uids ?? [];
  assert.equal(mapping?.length, 65_536);
  assert.ok((mapping?.hostId ?? 0) >= 65_536);

  behind.crash(made?.id ?? "", 7);
  await until(async () => (await container())?.restartCount === 1);
  assert.equal((await container())?.lastState.terminated?.exitCode, 7);
});

for (const opened of [true, false])
  test(`images are ${opened ? "" : "not "}asked for by the handler of the pod's class, as the gate says`, async (t) => {
    const socket = await behindSocket();
    const { behind } = socket;
    t.after(socket.close);
    const { api, kubelet } = await kubeletOver(socket, ...(opened ? ["RuntimeClassInImageCriApi"] : []));
    t.after(() => kubelet.stop());
    await api.client.create(runtimeclasses, { metadata: { name: "apart" }, handler: "kata" });
    const pulls: string[] = [];
    const { pullImage } = behind;
    behind.pullImage = async (...args) => {
      pulls.push(imageKey(args[0], args[3]));
      return await pullImage.apply(behind, args);
    };
    for (const [name, runtimeClassName] of [
      ["a", "apart"],
      ["b", undefined],
    ] as const)
      await api.createPod(
        pod(name)
          .on("node-1")
          .uid(name)
          .container("c", { image: "demo:1", volumeMounts: [{ name: "v", mountPath: "/data" }] })
          .spec({
            ...(runtimeClassName && { runtimeClassName }),
            volumes: [{ name: "v", image: { reference: "data:1", pullPolicy: "IfNotPresent" } }],
          })
          .build(),
      );
    for (const name of ["a", "b"])
      await until(async () => (await api.pod(name))?.status.containerStatuses?.[0]?.ready === true);
    assert.deepEqual(pulls, opened ? ["data:1,kata", "demo:1,kata"] : []);
    const [made] = await behind.listContainers("a");
    const mounted = behind.configOf(made?.id ?? "").mounts?.find(({ containerPath }) => containerPath === "/data");
    assert.equal(mounted?.image?.runtimeHandler, opened ? "kata" : "");
    const ofHandlers = (await socket.runtime.listImages()).map(({ tags: [tag = ""], handler }) =>
      imageKey(tag, handler),
    );
    assert.deepEqual(ofHandlers, ["demo:1", "data:1", ...pulls.toSorted()]);
    const used = imagesInUse(kubelet.tools.cache.all());
    const { id = "" } = (await behind.imageStatus("demo:1")) ?? {};
    assert.ok(used.has(id) && used.has(imageKey(id, "kata")), "neither is collected");

    await socket.runtime.removeImage(id, "kata");
    assert.ok(await behind.imageStatus("demo:1"), "the other one stays");
    assert.equal(await behind.imageStatus("demo:1", "kata"), undefined);
  });
