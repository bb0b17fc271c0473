import assert from "node:assert/strict";
import { test } from "node:test";
import { pod } from "@kubets/api/testing/pod-builder";
import type { Allotment, PodAllotments } from "./allotment.ts";
import { planAllotments } from "./plan.ts";
import { fixedBy, replan } from "./replan.ts";
import type { NodePolicies, NodeSupply } from "./supply.ts";

const GIB = 2 ** 30;
/** Two NUMA nodes of four CPUs and 4 GiB; the first CPU is the node's. */
const SUPPLY: NodeSupply = {
  cpus: Array.from({ length: 8 }, (_, id) => ({ id, core: id % 4, socket: id >> 2, node: id >> 2, cache: id >> 2 })),
  reservedCpus: new Set([0]),
  nodes: [0, 1].map((id) => ({ id, allocatable: 4 * GIB })),
  devices: () => undefined,
};
const POLICIES: NodePolicies = {
  cpus: "static",
  cpuOptions: new Set(),
  memory: "Static",
  topology: "none",
  closestNodes: false,
  scope: "container",
  podLevel: false,
  resizes: new Set(["cpu", "memory"]),
};
/** Containers by name, each of CPUs and GiB. */
type Sizes = Readonly<Record<string, readonly [cpu: string, gib: number]>>;
const podOf = (sizes: Sizes) => {
  const made = pod("a");
  for (const [name, [cpu, gib]] of Object.entries(sizes)) {
    const both = { cpu, memory: `${gib}Gi` };
    made.container(name, { resources: { requests: both, limits: both } });
  }
  return made.build();
};

interface Given {
  readonly policies?: Partial<NodePolicies>;
  readonly others?: readonly Allotment[];
}
/** Through each of the sizes: what every container holds at the end, or what stands in the way. */
function through(steps: readonly Sizes[], { policies: more = {}, others = [] }: Given = {}) {
  const policies = { ...POLICIES, ...more };
  const [first = {}, ...then] = steps;
  const begun = planAllotments(podOf(first), policies, SUPPLY, []);
  assert.ok(begun && "allotments" in begun);
  let held: PodAllotments = begun.allotments;
  let has = podOf(first);
  for (const sizes of then) {
    const made = replan(podOf(sizes), has, held, policies, SUPPLY, others);
    if (typeof made === "string") return made;
    [held, has] = [made, podOf(sizes)];
  }
  return Object.fromEntries(
    Object.entries(held).map(([name, { cpus, memory }]) => [
      name,
      `${cpus?.join(",")} ${(memory?.bytes ?? 0) / GIB}@${memory?.nodes.join(",")}`,
    ]),
  );
}

test("who grows keeps what it has; who shrinks gives back what it took since", () => {
  const sizes = (cpus: number, gib: number): Sizes => ({ c: [String(cpus), gib] });
  assert.deepEqual(through([sizes(2, 1), sizes(3, 2)]), { c: "1,2,3 2@0" });
  assert.deepEqual(through([sizes(2, 1), sizes(5, 6)]), { c: "1,2,3,4,5 6@0,1" });
  assert.deepEqual(through([sizes(2, 1), sizes(5, 2), sizes(3, 1)]), { c: "1,2,3 1@0" });
  assert.deepEqual(through([sizes(2, 1), sizes(5, 2), sizes(2, 1)]), { c: "1,2 1@0" });
  const beside = { others: [{ cpus: [3], memory: { nodes: [0], bytes: 3 * GIB } }] };
  assert.deepEqual(through([sizes(2, 1), sizes(3, 2)], beside), { c: "1,2,4 2@0,1" });
});

test("containers of one pod take from each other what they gave back", () => {
  const [small, large] = [
    ["1", 1],
    ["6", 1],
  ] as const;
  assert.deepEqual(
    through([
      { a: small, b: small },
      { a: large, b: small },
      { a: small, b: small },
    ]),
    {
      a: "1 1@0",
      b: "2 1@0",
    },
  );
  const swapped = through([
    { a: small, b: small },
    { a: ["3", 1], b: small },
    { a: small, b: ["3", 1] },
  ]);
  assert.deepEqual(swapped, { a: "1 1@0", b: "2,3,4 1@0" });
  const others = { others: [{ cpus: [5, 6, 7] }] };
  assert.deepEqual(
    through(
      [
        { a: small, b: small },
        { a: small, b: ["3", 1] },
        { a: ["3", 1], b: small },
      ],
      others,
    ),
    {
      a: "1,3,4 1@0",
      b: "2 1@0",
    },
  );
});

test("what was promised stays, and nobody goes from shared CPUs to own ones or back", () => {
  const one = (cpu: string): Sizes => ({ c: [cpu, 1] });
  assert.equal(
    through([one("2"), one("4"), one("1")]),
    "prohibitedCPUAllocation Error: Skip resize, Not allowed to reduce container exclusively allocated pool below promised, (requested CPUs = 1, allocated CPUs = 4, promised CPUs = 2, guaranteed CPUs = 1)",
  );
  assert.equal(
    through([one("1500m"), one("2")]),
    "inconsistentCPUAllocation Error: Not allowed to move a container from shared pool to exclusively allocated pool, (requested CPUs = 2, allocated CPUs = 1500m)",
  );
  assert.match(
    String(through([one("2"), one("2500m")])),
    /from  exclusively allocated pool to shared pool, not allowed/,
  );
  assert.deepEqual(through([one("1500m"), one("1800m")]), { c: "undefined 1@0" });
  assert.equal(through([one("2"), one("8")]), "not enough cpus available to satisfy request");
  assert.match(String(through([one("2"), { c: ["2", 9] }])), /no NUMA nodes with enough memory/);
});

test("a pod grows over its NUMA nodes only as far as the topology policy lets it", () => {
  const to = (cpus: number, given: Given, gib = 1) => through([{ c: ["2", 1] }, { c: [String(cpus), gib] }], given);
  const single = { policies: { topology: "single-numa-node" } } as const;
  const notLocal = "Resources cannot be allocated with Topology locality";
  assert.deepEqual(to(3, single), { c: "1,2,3 1@0" });
  assert.equal(to(4, single), notLocal);
  assert.equal(to(2, single, 5), notLocal);
  const restricted = { topology: "restricted", memory: "None" } as const;
  assert.deepEqual(to(5, { policies: restricted }), { c: "1,2,3,4,5 0@undefined" });
  const others = [{ cpus: [3] }];
  assert.equal(to(3, { policies: restricted, others }), notLocal);
  assert.deepEqual(to(3, { policies: { topology: "best-effort" }, others }), { c: "1,2,4 1@0" });
  const wholePod = { policies: { topology: "single-numa-node", scope: "pod" } } as const;
  const two = (b: string): Sizes => ({ a: ["1", 1], b: [b, 1] });
  assert.deepEqual(through([two("1"), two("2")], wholePod), { a: "1 1@0", b: "2,3 1@0" });
  assert.equal(through([two("1"), two("3")], wholePod), notLocal);
});

test("cores are taken whole where that is asked for", () => {
  const policies = { cpuOptions: new Set(["full-pcpus-only"] as const) };
  const threads = { ...SUPPLY, cpus: SUPPLY.cpus.map((cpu) => ({ ...cpu, core: cpu.id >> 1 })) };
  const has = podOf({ c: ["2", 1] });
  const made = (cpu: string) =>
    replan(podOf({ c: [cpu, 1] }), has, { c: { cpus: [2, 3] } }, { ...POLICIES, ...policies }, threads, []);
  assert.equal(made("3"), "SMT Alignment Error: requested 3 cpus not multiple cpus per core = 2");
  assert.deepEqual(made("4"), { c: { cpus: [2, 3, 4, 5], promised: [2, 3] } });
  assert.match(String(made("8")), /not enough free physical CPUs: available physical CPUs = 6, requested CPUs = 8/);
});

test("as long as its gate is closed, what is a pod's own cannot be resized", () => {
  const fixed = (to: Sizes, more: Partial<NodePolicies> = {}) =>
    fixedBy(podOf(to), podOf({ c: ["2", 1] }), { ...POLICIES, resizes: new Set(), ...more });
  const grown: Sizes = { c: ["3", 2] };
  assert.equal(fixed(grown), 'Resize is infeasible for Guaranteed Pods alongside CPU Manager policy "static"');
  const onlyCpu = { resizes: new Set(["cpu"] as const) };
  assert.equal(
    fixed(grown, onlyCpu),
    'Resize is infeasible for Guaranteed Pods alongside Memory Manager policy "Static"',
  );
  assert.equal(fixed({ c: ["3", 1] }, onlyCpu), undefined);
  assert.equal(fixed({ c: ["2", 2] }, { memory: "None" }), undefined);
  assert.equal(fixed(grown, { cpus: "none", memory: "None" }), undefined);
  assert.equal(fixed(grown, POLICIES), undefined);
});

test("pods that have something as a whole stay as they are", () => {
  const held = { "": { cpus: [1, 2] }, c: { cpus: [1, 2], sharesCpus: true, ofPod: true } };
  const of = (cpu: string) => ({ ...podOf({ c: [cpu, 1] }) });
  const policies = { ...POLICIES, podLevel: true, scope: "pod", topology: "restricted" } as const;
  assert.equal(replan(of("1"), of("1"), held, policies, SUPPLY, []), held);
  assert.match(String(replan(of("2"), of("1"), held, policies, SUPPLY, [])), /^Resize is infeasible for Pods/);
});
