/** Nodes with little memory, and with a small disk, and pods that fill them: those go, the others stay. Needs root and cgroups of version 1 or 2. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Container, Volume } from "@kubets/api/generated/types/core-v1";
import { pod } from "@kubets/api/testing/pod-builder";
import { kubeletDefaults } from "@kubets/kubelet";
import { eventually } from "../cluster.ts";
import { DEMO_IMAGE, whyNot } from "./containerd.ts";
import { NODE, startNode, type TestNode } from "./node.ts";
import { end, inPhase, isTold } from "./node-pods.ts";

const LIMIT = 256 * 2 ** 20;
const isV2 = existsSync("/sys/fs/cgroup/cgroup.controllers");

const running = (name: string, script: string, container: Partial<Container> = {}, volumes: Volume[] = []) =>
  pod(name)
    .on(NODE)
    .uid(crypto.randomUUID())
    .container("c", {
      image: DEMO_IMAGE,
      imagePullPolicy: "IfNotPresent",
      command: ["sh", "-c", script],
      ...container,
    })
    .spec({ terminationGracePeriodSeconds: 1, restartPolicy: "Never", volumes })
    .build();

describe("eviction on containerd", { skip: whyNot() ?? false }, () => {
  let node: TestNode;
  before(async () => {
    const hard = { "memory.available": "100Mi" };
    node = await startNode({ eviction: { ...kubeletDefaults.eviction, hard } });
    const folder = join("/sys/fs/cgroup", isV2 ? "" : "memory", node.containerd.cgroupRoot);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, isV2 ? "memory.max" : "memory.limit_in_bytes"), String(LIMIT));
  });
  after(() => node?.close());

  const make = (name: string, script: string) => node.api.createPod(running(name, script));

  it("ends the pod that uses the most memory when little is left", async () => {
    await make("small", "sleep 600");
    // One line without an end stays in memory.
    await make("large", "(head -c 190000000 /dev/zero; sleep 600) | tail");
    const { reason, message } = await inPhase(node, "large", "Failed");
    assert.equal(reason, "Evicted");
    assert.match(
      message ?? "",
      /^The node was low on resource: memory\. Threshold quantity: 100Mi, .* Container c was using \d+Ki, request is 0, has larger consumption of memory\. $/,
    );
    assert.equal((await node.api.pod("small"))?.status.phase, "Running");
    await eventually("the node to say so", () => isTold(node, "MemoryPressure"));
    await end(node, "small");
  });
});

describe("eviction for processes on containerd", { skip: whyNot() ?? false }, () => {
  const MANY = 1000;
  let node: TestNode;
  before(async () => {
    const read = (path: string) => readFileSync(path, "utf8");
    const running = Number(/\/(\d+) /.exec(read("/proc/loadavg"))?.[1]);
    // Others come and go on this machine meanwhile.
    const threshold = Number(read("/proc/sys/kernel/pid_max")) - running - MANY / 2;
    const hard = { "pid.available": String(threshold) };
    node = await startNode({ eviction: { ...kubeletDefaults.eviction, hard } });
  });
  after(() => node?.close());

  it("ends the pod that has the most", async () => {
    await node.api.createPod(running("few", "sleep 600"));
    await inPhase(node, "few", "Running");
    await node.api.createPod(running("many", `for i in $(seq ${MANY}); do sleep 600 & done; wait`));
    const { reason, message } = await inPhase(node, "many", "Failed");
    assert.equal(reason, "Evicted");
    assert.match(message ?? "", /^The node was low on resource: pids\. Threshold quantity: \d+, available: \d+\. /);
    assert.equal((await node.api.pod("few"))?.status.phase, "Running");
    await eventually("the node to say so", () => isTold(node, "PIDPressure"));
    await end(node, "few");
  });
});

describe("eviction for a disk on containerd", { skip: whyNot() ?? false }, () => {
  let node: TestNode;
  before(async () => {
    const hard = { "nodefs.available": "20Mi", "nodefs.inodesFree": "2k" };
    const eviction = { ...kubeletDefaults.eviction, hard, transitionMs: 1000 };
    node = await startNode({ eviction }, { disk: "size=64m,nr_inodes=5000" });
  });
  after(() => node?.close());

  const make = (name: string, script: string) => {
    const volumeMounts = [{ name: "v", mountPath: "/v" }];
    return node.api.createPod(running(name, `${script}; sleep 600`, { volumeMounts }, [{ name: "v", emptyDir: {} }]));
  };
  /** Gives why the large one had to go; the small one stayed, and the node has room again. */
  const evicted = async (large: string) => {
    const { reason, message } = await inPhase(node, large, "Failed");
    assert.equal(reason, "Evicted");
    assert.ok(await isTold(node, "DiskPressure"));
    // What it held is gone though the pod is still in the API.
    await eventually("the node to have room", () => isTold(node, "DiskPressure", "False"));
    assert.equal((await node.api.pod("small"))?.status.phase, "Running");
    await node.api.deletePod(large, 0);
    return message ?? "";
  };

  it("ends the pod that fills the disk, and takes back what it had", async () => {
    await make("small", "true");
    await inPhase(node, "small", "Running");
    await make("bytes", "head -c 50000000 /dev/zero > /v/file");
    const low = "The node was low on resource: ephemeral-storage. Threshold quantity: 20Mi, available: ";
    assert.ok((await evicted("bytes")).startsWith(low));
  });

  it("ends the pod that uses up the inodes", async () => {
    await make("files", "i=0; while [ $i -lt 4000 ]; do : > /v/$i; i=$((i+1)); done");
    const low = "The node was low on resource: inodes. Threshold quantity: 2k, available: ";
    assert.ok((await evicted("files")).startsWith(low));
    await end(node, "small");
  });
});
