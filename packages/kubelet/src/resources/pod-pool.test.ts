import assert from "node:assert/strict";
import { test } from "node:test";
import type { Container, PodSpec } from "@kubets/api/generated/types/core-v1";
import { pod } from "@kubets/api/testing/pod-builder";
import { type Allotment, POD_POOL } from "./allotment.ts";
import { planAllotments } from "./plan.ts";
import type { NodePolicies, NodeSupply } from "./supply.ts";

const GIB = 2 ** 30;
/** Two sockets, each a NUMA node of six CPUs and 8 GiB; the first CPU is the node's. */
const SUPPLY: NodeSupply = {
  cpus: Array.from({ length: 12 }, (_, id) => {
    const node = id < 6 ? 0 : 1;
    return { id, core: id, socket: node, node, cache: node };
  }),
  reservedCpus: new Set([0]),
  nodes: [0, 1].map((id) => ({ id, allocatable: 8 * GIB })),
  devices: (resource) =>
    resource === "example.com/gpu"
      ? [0, 1].map((node) => ({ id: `g${node}`, healthy: true, nodes: [node] }))
      : undefined,
};
const POLICIES: NodePolicies = {
  cpus: "static",
  cpuOptions: new Set(),
  memory: "Static",
  topology: "single-numa-node",
  closestNodes: false,
  scope: "pod",
  podLevel: true,
  resizes: new Set(),
};
const amounts = (cpu: string, gib: number, more: object = {}) => {
  const both = { cpu, memory: `${gib}Gi`, ...more };
  return { requests: both, limits: both };
};
const container = (name: string, resources: Container["resources"] = {}, more: Partial<Container> = {}): Container => ({
  name,
  image: "i",
  resources,
  ...more,
});
const sidecar = (name: string, resources?: Container["resources"]) =>
  container(name, resources, { restartPolicy: "Always" });

const plan = (spec: Partial<PodSpec>, options: Partial<NodePolicies> = {}, taken: Allotment[] = [], supply = SUPPLY) =>
  planAllotments(pod("a").spec(spec).build(), { ...POLICIES, ...options }, supply, taken);
/** What each has: its CPUs, a star where others of the pod have them too, and its GiB with their NUMA nodes. */
const parts = (...args: Parameters<typeof plan>): Record<string, string> | undefined => {
  const found = plan(...args);
  if (!found) return undefined;
  assert.ok("allotments" in found, JSON.stringify(found));
  const told = ({ cpus, sharesCpus, memory, devices }: Allotment) =>
    [
      cpus ? `${cpus.join(",")}${sharesCpus ? "*" : ""}` : "-",
      ...(memory ? [`${memory.bytes / GIB}@${memory.nodes.join(",")}`] : []),
      ...Object.values(devices ?? {}).flat(),
    ].join(" ");
  return Object.fromEntries(Object.entries(found.allotments).map(([name, each]) => [name, told(each)]));
};
const refused = (...args: Parameters<typeof plan>) => {
  const found = plan(...args);
  assert.ok(found && "rejection" in found, JSON.stringify(found));
  return found.rejection;
};

test("containers part what their pod has: guaranteed ones have their own, the others share the rest", () => {
  const mixed = [container("a", amounts("3", 1)), container("b"), container("c", { requests: { cpu: "1" } })];
  assert.deepEqual(parts({ resources: amounts("5", 4), containers: mixed }), {
    [POD_POOL]: "1,2,3,4,5 4@0",
    a: "1,2,3 1@0",
    b: "4,5* 3@0",
    c: "4,5* 3@0",
  });
  const none = { resources: amounts("5", 4), containers: [container("a"), container("b")] };
  assert.deepEqual(parts(none), { [POD_POOL]: "1,2,3,4,5 4@0", a: "1,2,3,4,5* 4@0", b: "1,2,3,4,5* 4@0" });
  const all = [container("a", amounts("3", 1)), container("b", amounts("1", 1))];
  const unused = { [POD_POOL]: "1,2,3,4,5 4@0", a: "1,2,3 1@0", b: "4 1@0" };
  assert.deepEqual(parts({ resources: amounts("5", 4), containers: all }), unused);
});

test("only one that asks for the same CPUs and memory as it is limited to has its own, and only whole CPUs", () => {
  const containers = [container("half", amounts("1500m", 1)), container("cpu", { ...amounts("1", 1), requests: {} })];
  assert.deepEqual(parts({ resources: amounts("3", 4), containers }), {
    [POD_POOL]: "1,2,3 4@0",
    half: "1,2,3* 1@0",
    cpu: "1,2,3* 3@0",
  });
  const uneven = { resources: amounts("2500m", 4), containers: [container("a", amounts("1", 1)), container("b")] };
  assert.deepEqual(parts(uneven), { [POD_POOL]: "- 4@0", a: "- 1@0", b: "- 3@0" });
});

test("what init containers had is there again for those that follow, but not what sidecars have", () => {
  const spec = {
    resources: amounts("5", 5),
    initContainers: [
      container("first", amounts("4", 4)),
      sidecar("beside", amounts("1", 1)),
      container("second"),
      sidecar("sharing"),
    ],
    containers: [container("a", amounts("2", 2)), container("b")],
  };
  assert.deepEqual(parts(spec), {
    [POD_POOL]: "1,2,3,4,5 5@0",
    first: "1,2,3,4 4@0",
    beside: "1 1@0",
    second: "2,3,4,5* 4@0",
    sharing: "4,5* 2@0",
    a: "2,3 2@0",
    b: "4,5* 2@0",
  });
});

test("a pod lies on one NUMA node as a whole, with its devices, or is refused", () => {
  const spec = (cpu: string, more: object = {}) => ({
    resources: amounts(cpu, 1),
    containers: [container("a", { limits: { "example.com/gpu": "1" } }), container("b", more)],
  });
  assert.deepEqual(parts(spec("3"), {}, [{ cpus: [1, 2, 3] }]), {
    [POD_POOL]: "6,7,8 1@1",
    a: "6,7,8* 1@1 g1",
    b: "6,7,8* 1@1",
  });
  assert.equal(parts(spec("5"))?.["a"], "1,2,3,4,5* 1@0 g0");
  const rejection = {
    reason: "TopologyAffinityError",
    message: "Pod Scope pod with pod-level resources failed admission under pod-scope topology manager",
  };
  assert.deepEqual(refused(spec("7")), rejection);
  assert.deepEqual(refused(spec("6"), {}, [{ devices: { "example.com/gpu": ["g1"] } }]), rejection);
  assert.equal(parts(spec("7"), { topology: "best-effort" })?.[POD_POOL], "1,6,7,8,9,10,11 1@0");
});

test("nobody is left without CPUs or memory of the pool", () => {
  const rest = container("rest");
  const why = (spec: Partial<PodSpec>, lacks = "cpu") => {
    assert.equal(refused(spec).reason, "TopologyAffinityError");
    assert.equal((plan(spec, { topology: "best-effort" }) as { lacks?: string }).lacks, lacks);
    return refused(spec, { topology: "best-effort" });
  };
  const full = [container("a", amounts("1", 1)), container("b", amounts("1", 1)), rest];
  assert.deepEqual(why({ resources: amounts("2", 4), containers: full }), {
    reason: "EmptyPodSharedPoolError",
    message:
      "pod rejected, sum of exclusive container cpu requests equals pod budget, leaving no cpus for shared containers",
  });
  assert.match(
    why({ resources: amounts("4", 2), containers: full }, "memory").message,
    /container memory requests equals pod budget, leaving no memory/,
  );
  const beside = sidecar("beside", amounts("2", 1));
  const initContainers = [beside, container("late")];
  assert.match(
    why({ resources: amounts("2", 2), initContainers, containers: [rest] }).message,
    /shared init containers/,
  );
  const large = [beside, container("large", amounts("2", 1))];
  assert.equal(
    why({ resources: amounts("3", 4), initContainers: large, containers: [rest] }).message,
    "pod rejected, largest exclusive init container requests 2 cpus, but only 1 available",
  );
});

test("options of the CPU manager are of the pod as a whole", () => {
  const cpus = Array.from({ length: 8 }, (_, id) => ({ id, core: id % 4, socket: 0, node: 0, cache: 0 }));
  const threads = { ...SUPPLY, cpus, reservedCpus: new Set([0, 4]), nodes: [{ id: 0, allocatable: 8 * GIB }] };
  const cpuOptions = new Set(["full-pcpus-only"] as const);
  const spec = (cpu: string) => ({
    resources: amounts(cpu, 2),
    containers: [container("a", amounts("1", 1)), container("b")],
  });
  assert.deepEqual(parts(spec("4"), { cpuOptions }, [], threads), {
    [POD_POOL]: "1,2,5,6 2@0",
    a: "1 1@0",
    b: "2,5,6* 1@0",
  });
  assert.equal(refused(spec("3"), { cpuOptions }, [], threads).reason, "SMTAlignmentError");
});

test("each container for itself where containers are placed, and where nothing is", () => {
  const spec = { resources: amounts("5", 4), containers: [container("a", amounts("3", 1)), container("b")] };
  const alone = { a: "1,2,3 1@0" };
  assert.deepEqual(parts(spec, { scope: "container" }), alone);
  assert.deepEqual(parts(spec, { topology: "none" }), alone);
  assert.equal(parts({ resources: amounts("5", 4), containers: [container("a")] }, { scope: "container" }), undefined);
});

test("without the gate a pod that asks for itself as a whole has nothing of its own, and who is not guaranteed never has", () => {
  const containers = [container("a", amounts("3", 1)), container("b")];
  assert.equal(parts({ resources: amounts("5", 4), containers }, { podLevel: false }), undefined);
  const closed = { podLevel: false, scope: "container" } as const;
  assert.equal(parts({ resources: amounts("5", 4), containers }, closed), undefined);
  const burstable = { requests: { cpu: "5", memory: "4Gi" }, limits: { cpu: "6", memory: "4Gi" } };
  assert.equal(parts({ resources: burstable, containers }), undefined);
});
