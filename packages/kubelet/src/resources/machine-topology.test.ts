import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { readTopology } from "./machine-topology.ts";

const topologyFrom = async (files: Readonly<Record<string, string>>) => {
  const root = await mkdtemp(join(tmpdir(), "kubets-topology-"));
  try {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), `${text}\n`);
    }
    return await readTopology(4096, root);
  } finally {
    await rm(root, { recursive: true });
  }
};

test("caches of the last level and distances of NUMA nodes, as the kernel tells of them", async () => {
  const cpu = (id: number, socket: number, shared: string) => ({
    [`cpu/cpu${id}/topology/core_id`]: "0",
    [`cpu/cpu${id}/topology/physical_package_id`]: `${socket}`,
    [`cpu/cpu${id}/cache/index2/level`]: "2",
    [`cpu/cpu${id}/cache/index2/shared_cpu_list`]: `${id}`,
    [`cpu/cpu${id}/cache/index3/level`]: "3",
    [`cpu/cpu${id}/cache/index3/shared_cpu_list`]: shared,
  });
  const { cpus, nodes } = await topologyFrom({
    "cpu/online": "0-2",
    ...cpu(0, 0, "0-1"),
    ...cpu(1, 0, "0-1"),
    ...cpu(2, 1, "2"),
    "node/node0/cpulist": "0-1",
    "node/node0/meminfo": "Node 0 MemTotal:       2 kB",
    "node/node0/distance": "10 21",
    "node/node1/cpulist": "2",
    "node/node1/meminfo": "Node 1 MemTotal:       1 kB",
    "node/node1/distance": "21 10",
  });
  assert.deepEqual(
    cpus.map(({ id, socket, node, cache }) => [id, socket, node, cache]),
    [
      [0, 0, 0, 0],
      [1, 0, 0, 0],
      [2, 1, 1, 2],
    ],
  );
  assert.deepEqual(nodes, [
    { id: 0, memoryBytes: 2048, distances: [10, 21] },
    { id: 1, memoryBytes: 1024, distances: [21, 10] },
  ]);
});

test("a machine of which the kernel tells little", async () => {
  assert.deepEqual(await topologyFrom({ "cpu/online": "0-1", "cpu/cpu1/topology/physical_package_id": "1" }), {
    cpus: [
      { id: 0, core: 0, socket: 0, node: 0, cache: 0 },
      { id: 1, core: 1, socket: 1, node: 0, cache: 1 },
    ],
    nodes: [{ id: 0, memoryBytes: 4096 }],
  });
});
