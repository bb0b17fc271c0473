import assert from "node:assert/strict";
import { test } from "node:test";
import type { Container } from "@kubets/api/generated/types/core-v1";
import { pod } from "@kubets/api/testing/pod-builder";
import type { Allotment } from "./allotment.ts";
import { type Cpu, formatCpuList, parseCpuList, takeCpus } from "./cpus.ts";
import type { Device } from "./devices/choose.ts";
import { freeMemory, takeMemory } from "./memory.ts";
import { hintsOf, masksOf, mergeHints } from "./numa.ts";
import { planAllotments } from "./plan.ts";
import type { NodePolicies, NodeSupply } from "./supply.ts";

/** Two sockets, each a NUMA node with two cores of two threads: 0,4 1,5 | 2,6 3,7. */
const CPUS: Cpu[] = Array.from({ length: 8 }, (_, id) => {
  const core = id % 4;
  return { id, core, socket: core >> 1, node: core >> 1, cache: core >> 1 };
});
const all = new Set(CPUS.map(({ id }) => id));
const GIB = 2 ** 30;

test("lists of CPUs", () => {
  assert.deepEqual(parseCpuList("0-2,5"), [0, 1, 2, 5]);
  assert.deepEqual(parseCpuList(""), []);
  assert.equal(formatCpuList([7, 5, 0, 1, 2]), "0-2,5,7");
  assert.throws(() => parseCpuList("a-b"), /is no list of CPUs/);
});

test("whole sockets, then whole cores, then threads of broken cores", () => {
  assert.deepEqual(takeCpus(CPUS, all, 4), [0, 1, 4, 5]);
  assert.deepEqual(takeCpus(CPUS, all, 2), [0, 4]);
  assert.deepEqual(takeCpus(CPUS, new Set([0, 1, 2, 3, 5, 6, 7]), 1), [0]);
  assert.deepEqual(takeCpus(CPUS, new Set([0, 2, 6]), 2), [2, 6]);
  assert.deepEqual(takeCpus(CPUS, all, 5), [0, 1, 2, 4, 5]);
  assert.equal(takeCpus(CPUS, new Set([1]), 2), undefined);
});

test("what suits all resources", () => {
  const [first, second, both] = [1, 2, 3];
  const near = (nodes: number | undefined, preferred = true) => ({ nodes, preferred });
  const merge = (policy: NodePolicies["topology"], ...lists: Parameters<typeof mergeHints>[1]) =>
    mergeHints(policy, lists, [0, 1]);
  const split = [
    [near(first), near(both, false)],
    [near(second), near(both, false)],
  ];
  assert.deepEqual(merge("none", ...split), { admitted: true, nodes: undefined });
  assert.deepEqual(merge("best-effort", ...split), { admitted: true, nodes: first });
  assert.equal(merge("restricted", ...split).admitted, false);
  assert.deepEqual(merge("restricted", [near(first), near(second)], [near(second)]), { admitted: true, nodes: second });
  assert.deepEqual(merge("restricted", [near(both)]), { admitted: true, nodes: undefined });
  assert.equal(merge("single-numa-node", [near(both)]).admitted, false);
  assert.equal(merge("single-numa-node", [near(first), near(both, false)]).nodes, first);
  assert.equal(merge("restricted", []).admitted, false);
  assert.equal(merge("restricted", [near(first)], [near(both)]).admitted, false);
  const larger = [[near(first), near(both, false)], [near(both)]];
  assert.deepEqual(merge("best-effort", ...larger), { admitted: true, nodes: undefined });
  assert.deepEqual(masksOf([0, 1]), [1, 2, 3]);
  assert.deepEqual(
    hintsOf(
      [1, 2, 3],
      () => true,
      (mask) => mask === 3,
    ),
    [near(both, false)],
  );
});

test("memory of nodes", () => {
  const nodes = freeMemory(
    [
      { id: 0, allocatable: 4 },
      { id: 1, allocatable: 4 },
    ],
    [{ nodes: [0, 1], bytes: 5 }],
  );
  assert.deepEqual(
    nodes.map(({ free }) => free),
    [0, 3],
  );
  assert.deepEqual(takeMemory(nodes, 3, undefined), [1]);
  assert.equal(takeMemory(nodes, 4, undefined), undefined);
  assert.deepEqual(takeMemory(nodes, 2, 2), [1]);
});

const POLICIES: NodePolicies = {
  cpus: "static",
  cpuOptions: new Set(),
  memory: "Static",
  topology: "none",
  closestNodes: false,
  scope: "container",
  podLevel: false,
  resizes: new Set(),
};
const device = (id: string, node?: number, healthy = true): Device => ({
  id,
  healthy,
  nodes: node === undefined ? [] : [node],
});
const supply = (devices: readonly Device[] = []): NodeSupply => ({
  cpus: CPUS,
  reservedCpus: new Set([0]),
  nodes: [
    { id: 0, allocatable: 4 * GIB },
    { id: 1, allocatable: 4 * GIB },
  ],
  devices: (resource) => (resource === "example.com/gpu" ? devices : undefined),
});
const asking = (cpu: string, memory = "1Gi", more: Record<string, string> = {}) => {
  const amounts = { cpu, memory, ...more };
  return { resources: { limits: amounts, requests: amounts } } satisfies Partial<Container>;
};
const plan = (
  wanted: Partial<Container>,
  options: Partial<NodePolicies> = {},
  taken: Allotment[] = [],
  devices: Device[] = [],
) => planAllotments(pod("a").container("c", wanted).build(), { ...POLICIES, ...options }, supply(devices), taken);
const given = (...args: Parameters<typeof plan>) => {
  const found = plan(...args);
  assert.ok(found && "allotments" in found, JSON.stringify(found));
  return found.allotments.c;
};
const refused = (...args: Parameters<typeof plan>) => {
  const found = plan(...args);
  assert.ok(found && "rejection" in found, JSON.stringify(found));
  return found.rejection;
};

test("whole CPUs of guaranteed pods alone, and never the reserved ones", () => {
  assert.deepEqual(given(asking("2")), { cpus: [1, 5], memory: { nodes: [0], bytes: GIB } });
  assert.equal(plan(asking("1500m"), { memory: "None" }), undefined);
  assert.equal(plan({ resources: { requests: { cpu: "2" } } }), undefined);
  assert.equal(plan(asking("2"), { cpus: "none", memory: "None" }), undefined);
  assert.equal(
    refused(asking("8")).message,
    "Allocate failed due to not enough cpus available to satisfy request, which is unexpected",
  );
  assert.deepEqual(given(asking("1"), {}, [{ cpus: [1, 4, 5] }])?.cpus, [2]);
  assert.deepEqual(refused(asking("3"), { cpuOptions: new Set(["full-pcpus-only"]) }), {
    reason: "SMTAlignmentError",
    message: "SMT Alignment Error: requested 3 cpus not multiple cpus per core = 2",
  });
});

test("halves of cores that are the node's are no whole cores", () => {
  const whole = { cpuOptions: new Set(["full-pcpus-only"] as const) };
  assert.deepEqual(given(asking("2"), whole, [{ cpus: [1, 5, 2, 6] }])?.cpus, [3, 7]);
  assert.deepEqual(refused(asking("2"), whole, [{ cpus: [1, 5, 2, 6, 3, 7] }]), {
    reason: "SMTAlignmentError",
    message:
      "SMT Alignment Error: not enough free physical CPUs: available physical CPUs = 0, requested CPUs = 2, CPUs per core = 2",
  });
});

test("CPUs, memory and devices of one node, or the pod is refused", () => {
  const devices = [device("a", 0), device("b", 1)];
  const gpu = asking("2", "1Gi", { "example.com/gpu": "1" });
  const single = { topology: "single-numa-node" } as const;
  assert.deepEqual(given(gpu, single, [{ devices: { "example.com/gpu": ["a"] } }], devices), {
    cpus: [2, 6],
    memory: { nodes: [1], bytes: GIB },
    devices: { "example.com/gpu": ["b"] },
  });
  const taken = [{ cpus: [2, 3, 6] }, { devices: { "example.com/gpu": ["a"] } }];
  assert.deepEqual(refused(gpu, single, taken, devices), {
    reason: "TopologyAffinityError",
    message: "Resources cannot be allocated with Topology locality",
  });
  assert.deepEqual(given(gpu, { topology: "best-effort" }, taken, devices)?.devices, { "example.com/gpu": ["b"] });
});

test("devices that are not there, not healthy or taken", () => {
  const devices = [device("a"), device("b", undefined, false), device("c")];
  const two = { resources: { limits: { "example.com/gpu": "2" } } };
  assert.deepEqual(given(two, {}, [], devices), { devices: { "example.com/gpu": ["a", "c"] } });
  assert.deepEqual(refused(two, {}, [{ devices: { "example.com/gpu": ["a"] } }], devices), {
    reason: "UnexpectedAdmissionError",
    message:
      "Allocate failed due to requested number of devices unavailable for example.com/gpu. Requested: 2, Available: 1, which is unexpected",
  });
  assert.equal(plan({ resources: { limits: { "example.com/other": "1" } } }), undefined);
});

test("a container has what an ended init container of its pod had", () => {
  const container = (name: string, more: object = {}) => ({ name, image: "i", ...asking("2"), ...more }) as Container;
  const wanted = (init: Container) =>
    pod("a")
      .spec({ initContainers: [init], containers: [container("c")] })
      .build();
  const found = (init: Container) => {
    const made = planAllotments(wanted(init), { ...POLICIES, memory: "None" }, supply(), []);
    assert.ok(made && "allotments" in made);
    return made.allotments;
  };
  const { before, c } = found(container("before"));
  assert.equal(before?.passedOn, true);
  assert.deepEqual(before?.cpus, c?.cpus);
  const beside = found(container("before", { restartPolicy: "Always" }));
  assert.notDeepEqual(beside.before?.cpus, beside.c?.cpus);
});

/** Two sockets of two NUMA nodes, each of two CPUs; the first node lies near to the third. */
const FOUR_NODES: NodeSupply = {
  cpus: Array.from({ length: 8 }, (_, id) => ({ id, core: id, socket: id >> 2, node: id >> 1, cache: id >> 2 })),
  reservedCpus: new Set(),
  nodes: [
    [10, 30, 20, 30],
    [30, 10, 30, 30],
    [20, 30, 10, 30],
    [30, 30, 30, 10],
  ].map((distances, id) => ({ id, allocatable: GIB, distances })),
  devices: () => undefined,
};
const planned = (cpu: string, options: Partial<NodePolicies>, taken: number[] = []) => {
  const policies = { ...POLICIES, memory: "None", topology: "restricted", ...options } as const;
  const found = planAllotments(pod("a").container("c", asking(cpu)).build(), policies, FOUR_NODES, [{ cpus: taken }]);
  assert.ok(found);
  return "rejection" in found ? found.rejection.reason : found.allotments.c?.cpus;
};

test("NUMA nodes of one socket are as good as one when CPUs are aligned by socket", () => {
  const bySocket = { cpuOptions: new Set(["align-by-socket"] as const) };
  const oneLeftInEach = [0, 2, 4, 6];
  assert.equal(planned("2", {}, oneLeftInEach), "TopologyAffinityError");
  assert.deepEqual(planned("2", bySocket, oneLeftInEach), [1, 3]);
  assert.equal(planned("2", bySocket, [0, 1, 2, 4, 5, 6]), "TopologyAffinityError");
});

test("of as many NUMA nodes those that lie near to each other, when they are preferred", () => {
  assert.deepEqual(planned("4", {}), [0, 1, 2, 3]);
  assert.deepEqual(planned("4", { closestNodes: true }), [0, 1, 4, 5]);
});
