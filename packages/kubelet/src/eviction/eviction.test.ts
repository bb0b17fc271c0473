import assert from "node:assert/strict";
import { test } from "node:test";
import { nodes } from "@kubets/api/generated/refs";
import { pod } from "@kubets/api/testing/pod-builder";
import { kubeletDefaults } from "../config.ts";
import { type SimulatedNode, simulatedNode } from "../testing/simulated-node.ts";
import { evictionMessage } from "./eviction-message.ts";
import { rank } from "./rank.ts";
import { storageExcess } from "./storage-limits.ts";
import { isMet, type Observation, Pressures, thresholdsOf } from "./thresholds.ts";

const level = (available: number, capacity = 1000) => ({ available, capacity });
const settings = (hard: Record<string, string>, more: object = {}) => ({
  ...kubeletDefaults.eviction,
  hard,
  soft: {},
  ...more,
});

test("thresholds are amounts or shares", () => {
  const [memory, disk] = thresholdsOf(
    settings({ "memory.available": "100", "nodefs.available": "10%", "pid.available": "0" }),
  );
  assert.ok(memory && disk);
  assert.equal(isMet(memory, { "memory.available": level(99) }, false), true);
  assert.equal(isMet(memory, { "memory.available": level(100) }, false), false);
  assert.equal(isMet(disk, { "nodefs.available": level(99) }, false), true);
  assert.equal(isMet(disk, {}, false), false);
  assert.equal(isMet({ ...memory, reclaim: "50" }, { "memory.available": level(120) }, true), true);
});

test("a soft threshold counts after its grace, and pressure is shown for a while after it", () => {
  const soft = { "memory.available": "200" };
  const thresholds = thresholdsOf(settings({}, { soft, softGraceMs: { "memory.available": 30_000 } }));
  const pressures = new Pressures(60_000);
  const low: Observation = { "memory.available": level(150) };
  assert.deepEqual(pressures.observe(thresholds, low, 0), []);
  assert.deepEqual([...pressures.shown(0)], ["MemoryPressure"]);
  assert.equal(pressures.observe(thresholds, low, 30_000).length, 1);
  assert.deepEqual(pressures.observe(thresholds, { "memory.available": level(500) }, 40_000), []);
  assert.equal(pressures.shown(80_000).size, 1);
  assert.equal(pressures.shown(91_000).size, 0);
});

test("who uses more than was asked for goes first, the less important before the others", () => {
  const of = (name: string, used: number, request: string, priority: number) => ({
    pod: pod(name)
      .container("c", { resources: { requests: { memory: request } } })
      .spec({ priority })
      .build(),
    used,
  });
  const order = rank(
    [
      of("within", 90, "100", 0),
      of("important", 300, "100", 5),
      of("over", 150, "100", 0),
      of("far-over", 200, "100", 0),
    ],
    "memory",
  );
  assert.deepEqual(
    order.map((each) => each.pod.metadata.name),
    ["far-over", "over", "important", "within"],
  );
});

const make = (node: SimulatedNode, name: string, spec: object = {}) =>
  node.api.createPod(pod(name).on("node-1").uid(`uid-${name}`).container("c", { image: "demo:1" }).spec(spec).build());

async function until(node: SimulatedNode, what: string, look: () => Promise<unknown>): Promise<void> {
  for (const end = node.clock.monotonic() + 120_000; !(await look()); await node.clock.advance(100))
    if (node.clock.monotonic() > end) throw new Error(`${what} did not come true`);
}

test("a node that runs low says so, ends the least important pod, and takes none that promises nothing", async () => {
  let available = 1000;
  const observe = async () => ({ "memory.available": level(available) });
  const config = { eviction: settings({ "memory.available": "100" }) };
  const node = await simulatedNode({ observe, config });
  try {
    await make(node, "low", { priority: 0 });
    await make(node, "high", { priority: 10 });
    const phase = async (name: string) => (await node.api.pod(name))?.status.phase;
    await until(
      node,
      "both to run",
      async () => (await phase("low")) === "Running" && (await phase("high")) === "Running",
    );
    available = 50;
    await until(node, "the end of one", async () => (await phase("low")) === "Failed");
    available = 1000;
    const ended = await node.api.pod("low");
    assert.equal(ended?.status.reason, "Evicted");
    assert.match(
      ended?.status.message ?? "",
      /^The node was low on resource: memory\. Threshold quantity: 100, available: 50\. /,
    );
    const target = ended?.status.conditions?.find(({ type }) => type === "DisruptionTarget");
    assert.deepEqual([target?.status, target?.reason], ["True", "TerminationByKubelet"]);
    assert.equal(await phase("high"), "Running");
    await until(node, "the condition", async () => {
      const { conditions = [] } = (await node.api.client.get(nodes, { name: "node-1" })).status;
      return conditions.find(({ type }) => type === "MemoryPressure")?.status === "True";
    });
    await make(node, "late");
    await until(node, "a refusal", async () => (await phase("late")) === "Failed");
    const { message } = (await node.api.pod("late"))?.status ?? {};
    assert.equal(message, "Pod was rejected: The node had condition: [MemoryPressure]. ");
  } finally {
    await node.stop();
  }
});

test("a pod that fills more of the disk than its volume may hold goes", async () => {
  const node = await simulatedNode();
  try {
    await make(node, "full", { volumes: [{ name: "v", emptyDir: { sizeLimit: "10" } }] });
    await until(node, "it to run", async () => (await node.api.pod("full"))?.status.phase === "Running");
    const folder = "/var/lib/kubelet/pods/uid-full/volumes/kubernetes.io~empty-dir/v";
    await node.disk.writeFile(`${folder}/file`, "more than ten bytes");
    await until(node, "its end", async () => (await node.api.pod("full"))?.status.phase === "Failed");
    const { status } = (await node.api.pod("full")) ?? {};
    assert.equal(status?.message, 'Usage of EmptyDir volume "v" exceeds the limit "10". ');
  } finally {
    await node.stop();
  }
});

test("when the disk runs low, who wrote the most into volumes and logs goes", async () => {
  let available = 1000;
  const observe = async () => ({ "nodefs.available": level(available) });
  const config = { eviction: settings({ "nodefs.available": "100" }) };
  const node = await simulatedNode({ observe, config });
  try {
    const volumes = [{ name: "v", emptyDir: {} }];
    for (const name of ["small", "large"]) await make(node, name, { volumes });
    const phase = async (name: string) => (await node.api.pod(name))?.status.phase;
    await until(
      node,
      "both to run",
      async () => (await phase("small")) === "Running" && (await phase("large")) === "Running",
    );
    for (const [name, text] of [
      ["small", "a"],
      ["large", "much more than that"],
    ] as const)
      await node.disk.writeFile(`/var/lib/kubelet/pods/uid-${name}/volumes/kubernetes.io~empty-dir/v/file`, text);
    available = 50;
    await until(node, "the end of one", async () => (await phase("large")) === "Failed");
    available = 1000;
    assert.equal(await phase("small"), "Running");
  } finally {
    await node.stop();
  }
});

test("before pods must go, those that have ended give back what their containers hold", async () => {
  let available = 1000;
  const observe = async () => ({ "nodefs.available": level(available) });
  const config = { eviction: settings({ "nodefs.available": "100" }) };
  const course = ({ podName }: { podName: string }) => (podName === "done" ? { exitAfterMs: 1000 } : undefined);
  const node = await simulatedNode({ observe, config, script: { course } });
  try {
    await make(node, "done", { restartPolicy: "Never" });
    await make(node, "runs");
    const status = async (name: string) => (await node.api.pod(name))?.status;
    await until(node, "the end of one", async () => (await status("done"))?.phase === "Succeeded");
    await until(node, "the other to run", async () => (await status("runs"))?.phase === "Running");
    const told = (await status("done"))?.containerStatuses?.[0];
    available = 50;
    await until(node, "room", async () => (await node.runtime.listContainers("uid-done")).length === 0);
    available = 1000;
    await node.clock.advance(30_000);
    const [left] = (await status("done"))?.containerStatuses ?? [];
    assert.equal(told?.state.terminated?.exitCode, 0);
    assert.deepEqual([left?.state, left?.containerID], [told.state, told.containerID]);
    assert.equal((await status("runs"))?.phase, "Running");
  } finally {
    await node.stop();
  }
});

test("an eviction names the containers that use more than they asked for", () => {
  const resources = { requests: { "ephemeral-storage": "1Ki" } };
  const made = pod("a").container("greedy", { resources }).container("modest", { resources }).build();
  const containers = new Map([
    ["greedy", 4096],
    ["modest", 512],
  ]);
  const threshold = { signal: "nodefs.available", text: "10%" } as const;
  assert.equal(
    evictionMessage({ pod: made, used: 4608, containers }, threshold, level(50 * 1024, 1000 * 1024)),
    "The node was low on resource: ephemeral-storage. Threshold quantity: 100Ki, available: 50Ki. Container greedy was using 4Ki, request is 1Ki, has larger consumption of ephemeral-storage. ",
  );
  assert.equal(
    evictionMessage({ pod: made, used: 9 }, { signal: "nodefs.inodesFree", text: "2k" }, level(3000, 5000)),
    "The node was low on resource: inodes. Threshold quantity: 2k, available: 3k. ",
  );
});

test("a container's logs count to its limit, and what lies on another disk does not", () => {
  const limited = (storage: string) =>
    pod("a")
      .container("c", { resources: { limits: { "ephemeral-storage": storage } } })
      .build();
  const taken = {
    volumes: new Map([["v", { bytes: 10, inodes: 1 }]]),
    containers: new Map([["c", { root: { bytes: 50, inodes: 1 }, logs: { bytes: 20, inodes: 1 } }]]),
  };
  const all = ["root", "logs", "volumes"] as const;
  assert.equal(storageExcess(limited("100"), taken, all), undefined);
  assert.equal(
    storageExcess(limited("75"), taken, all)?.message,
    "Pod ephemeral local storage usage exceeds the total limit of containers 75. ",
  );
  assert.equal(storageExcess(limited("75"), taken, ["logs", "volumes"]), undefined);
  assert.equal(
    storageExcess(limited("65"), { ...taken, volumes: new Map() }, all)?.message,
    "Pod ephemeral local storage usage exceeds the total limit of containers 65. ",
  );
});
