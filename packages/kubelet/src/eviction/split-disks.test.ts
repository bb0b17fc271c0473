/** What runs low on a node whose runtime has disks of its own: what is freed, who goes, and what is told. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { pod } from "@kubets/api/testing/pod-builder";
import { kubeletDefaults } from "../config.ts";
import { CONTAINER_NAME, POD_UID } from "../runtime/names.ts";
import { NodeStats } from "../stats/node-stats.ts";
import { summaryOf } from "../stats/summary.ts";
import {
  type SimulatedNode,
  type SimulatedNodeOptions,
  simulatedMachine,
  simulatedNode,
} from "../testing/simulated-node.ts";
import { observe } from "./observe.ts";
import { type Observation, type Signal, thresholdsOf, withContainerDisk } from "./thresholds.ts";

type Layout = "together" | "apart" | "split";
const PLACES: Readonly<Record<Layout, { readonly images: string; readonly containers: string }>> = {
  together: { images: "/own", containers: "/own" },
  apart: { images: "/images", containers: "/images" },
  split: { images: "/images", containers: "/own" },
};
const at = (mountpoint: string, usedBytes = 7) => ({ mountpoint, usedBytes, inodesUsed: 1 });
const settings = (hard: Record<string, string>) => ({ ...kubeletDefaults.eviction, hard, soft: {} });

/** A node whose runtime keeps its things in this way, and whose disks have what `seen` says. */
async function nodeWith(
  layout: Layout,
  seen: () => Observation,
  more: SimulatedNodeOptions = {},
): Promise<SimulatedNode> {
  const hard = { "nodefs.available": "100", "imagefs.available": "100" };
  const node = await simulatedNode({ observe: async () => seen(), config: { eviction: settings(hard) }, ...more });
  const { images, containers } = PLACES[layout];
  node.runtime.filesystems = async () => ({ images: at(images), containers: at(containers) });
  const stat = node.disk.stat.bind(node.disk);
  node.disk.stat = async (path) => {
    const found = path === "/images" || path === "/own" ? await stat("/") : await stat(path);
    return found && { ...found, device: path === "/images" ? 2 : 1 };
  };
  return node;
}

async function until(node: SimulatedNode, what: string, look: () => Promise<unknown>): Promise<void> {
  for (const end = node.clock.monotonic() + 120_000; !(await look()); await node.clock.advance(100))
    if (node.clock.monotonic() > end) throw new Error(`${what} did not come true`);
}

const make = (node: SimulatedNode, name: string, spec: object = {}) =>
  node.api.createPod(pod(name).on("node-1").uid(`uid-${name}`).container("c", { image: "demo:1" }).spec(spec).build());

for (const [layout, signal, freed] of [
  ["together", "nodefs.available", ["containers", "images"]],
  ["apart", "nodefs.available", ["containers"]],
  ["apart", "imagefs.available", ["containers", "images"]],
  ["split", "nodefs.available", ["containers"]],
  ["split", "containerfs.available", ["containers"]],
  ["split", "imagefs.available", ["images"]],
] as const)
  test(`with images and containers ${layout}, a low ${signal} takes away unused ${freed.join(" and ")}`, async () => {
    let available = 1000;
    const seen = () => ({ [signal]: { available, capacity: 1000 } });
    const course = ({ podName }: { podName: string }) => (podName === "done" ? { exitAfterMs: 1000 } : undefined);
    const node = await nodeWith(layout, seen, { script: { course } });
    try {
      await make(node, "done", { restartPolicy: "Never" });
      await make(node, "runs");
      await node.runtime.pullImage("unused:1", undefined, undefined);
      const phase = async (name: string) => (await node.api.pod(name))?.status.phase;
      await until(node, "the end of one", async () => (await phase("done")) === "Succeeded");
      await until(node, "the other to run", async () => (await phase("runs")) === "Running");
      const left = async () => {
        const images = (await node.runtime.listImages()).flatMap(({ tags }) => tags);
        return [
          ...((await node.runtime.listContainers("uid-done")).length === 0 ? ["containers"] : []),
          ...(images.includes("unused:1") ? [] : ["images"]),
        ];
      };
      available = 50;
      await until(node, "room", async () => (await left()).length > 0);
      available = 1000;
      await node.clock.advance(30_000);
      assert.deepEqual(await left(), freed);
      assert.equal(await phase("runs"), "Running");
    } finally {
      await node.stop();
    }
  });

for (const [layout, first] of [
  ["split", "writer"],
  ["apart", "keeper"],
] as const)
  test(`with images and containers ${layout}, the ${first} goes for the kubelet's own disk`, async () => {
    let available = 1000;
    const node = await nodeWith(layout, () => ({ "nodefs.available": { available, capacity: 1000 } }));
    try {
      const labels = { [POD_UID]: "uid-writer", [CONTAINER_NAME]: "c" };
      node.runtime.containerStats = async () => [
        { id: "c", labels, timestamp: 0, diskUsedBytes: 1000, diskInodesUsed: 1 } as never,
      ];
      for (const name of ["writer", "keeper"]) await make(node, name, { volumes: [{ name: "v", emptyDir: {} }] });
      const phase = async (name: string) => (await node.api.pod(name))?.status.phase;
      for (const name of ["writer", "keeper"])
        await until(node, `${name} to run`, async () => (await phase(name)) === "Running");
      await node.disk.writeFile("/var/lib/kubelet/pods/uid-keeper/volumes/kubernetes.io~empty-dir/v/file", "some text");
      available = 50;
      await until(node, "an end", async () => (await phase(first)) === "Failed");
    } finally {
      await node.stop();
    }
  });

test("the disk of containers has the thresholds of that on which it lies, and none of its own", () => {
  const thresholds = thresholdsOf(
    settings({ "nodefs.available": "10%", "imagefs.available": "15%", "containerfs.available": "50%" }),
  );
  const of = (layout: Layout) =>
    withContainerDisk(thresholds, layout).map(({ signal, text }): [Signal, string] => [signal, text]);
  const own: [Signal, string][] = [
    ["nodefs.available", "10%"],
    ["imagefs.available", "15%"],
  ];
  assert.deepEqual(of("together"), [...own, ["containerfs.available", "10%"]]);
  assert.deepEqual(of("split"), [...own, ["containerfs.available", "10%"]]);
  assert.deepEqual(of("apart"), [...own, ["containerfs.available", "15%"]]);
});

test("figures tell both disks where they are two, and one where the gate is closed", async () => {
  for (const opened of [true, false]) {
    const file = { ...kubeletDefaults.file, featureGates: { KubeletSeparateDiskGC: opened } };
    const node = await nodeWith("split", () => ({}), { config: { file } });
    try {
      node.disk.space = async (path?: string) =>
        ({ totalBytes: path === "/images" ? 200 : 100, freeBytes: 50, inodes: 10, inodesFree: 5 }) as never;
      const { tools, workers, volumeUsages } = node.kubelet;
      const [images, containers] = [at("/images"), at("/own", 8)];
      node.runtime.filesystems = async () => ({ images, containers });
      const reading = await new NodeStats(tools, () => workers.pods(), volumeUsages).read();
      const facts = { nodeName: "node-1", startedAt: 0, memoryBytes: 1 };
      const { runtime } = (summaryOf(reading, facts) as { node: { runtime: Record<string, Record<string, number>> } })
        .node;
      const shown = ["imageFs", "containerFs"].map((name) => [
        runtime[name]?.["capacityBytes"],
        runtime[name]?.["usedBytes"],
      ]);
      assert.deepEqual(
        shown,
        opened
          ? [
              [200, 7],
              [100, 8],
            ]
          : [
              [200, 7],
              [200, 150],
            ],
      );
      const seen = await observe(tools, simulatedMachine, { layout: "split", images, containers });
      assert.deepEqual(seen["imagefs.available"], { available: 50, capacity: 200 });
      assert.deepEqual(seen["containerfs.available"], { available: 50, capacity: 100 });
      assert.deepEqual(seen["containerfs.inodesFree"], { available: 5, capacity: 10 });
    } finally {
      await node.stop();
    }
  }
});
