/** Devices that are made of the node's own resources: what claims take of them counts beside what containers ask for. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { pods } from "@kubets/api/generated/refs";
import type { PodSpec } from "@kubets/api/generated/types/core-v1";
import type { Device, NodeAllocatableResourceMapping } from "@kubets/api/generated/types/resource-v1";
import type { KubeObject } from "@kubets/api/meta";
import { node } from "@kubets/api/testing/node-builder";
import { pod } from "@kubets/api/testing/pod-builder";
import { claimFor, deviceClass, resourceClaim, resourceSlice } from "./testing/devices.ts";
import { type Run, runScheduler } from "./testing/run.ts";

const featureGates = { DRANodeAllocatableResources: true };
type Mappings = Readonly<Record<string, NodeAllocatableResourceMapping>>;
const device = (name: string, nodeAllocatableResourceMappings: Mappings, more: Partial<Device> = {}): Device => ({
  name,
  nodeAllocatableResourceMappings,
  ...more,
});
const twoCpus = (name: string) => device(name, { cpu: { allocationMultiplier: "2" } });
/** A container that asks for one CPU, and uses the claim. */
function user(name: string, claim: string, more: Partial<PodSpec> = {}, isUsed = true) {
  const claims = isUsed ? { claims: [{ name: "mine" }] } : {};
  return pod(name)
    .spec({
      containers: [{ name: "c", image: "i", resources: { requests: { cpu: "1" }, ...claims } }],
      resourceClaims: [{ name: "mine", resourceClaimName: claim }],
      ...more,
    })
    .build();
}

async function placing(objects: readonly KubeObject[], gates: Record<string, boolean> = featureGates): Promise<Run> {
  const run = await runScheduler({ featureGates: gates });
  run.cluster.put(node("n1").capacity({ cpu: "4", memory: "8Gi", pods: "10" }).build(), deviceClass("cpus"));
  run.cluster.put(...objects);
  await run.settle();
  run.stop();
  return run;
}
const why = ({ cluster }: Run) => cluster.events.join();

test("what devices take is told of the pod, and not there for others", async () => {
  const objects = [
    resourceSlice("n1", [twoCpus("d0"), twoCpus("d1")], { nodeName: "n1" }),
    claimFor("c", "cpus"),
    claimFor("d", "cpus"),
    user("a", "c"),
    user("b", "d"),
    pod("plain").requests({ cpu: "1" }).build(),
  ];
  const run = await placing(objects);
  assert.deepEqual(run.cluster.placements(), ["a -> n1", "b -> ?", "plain -> n1"]);
  assert.deepEqual(run.cluster.cache.get(pods, "default/a")?.status.nodeAllocatableResourceClaimStatuses, [
    { resourceClaimName: "c", containers: ["c"], resources: { cpu: "2" } },
  ]);
  assert.match(why(run), /b: Warning FailedScheduling: 0\/1 nodes are available: 1 Insufficient cpu/);
  const without = await placing(objects, {});
  assert.deepEqual(without.cluster.placements(), ["a -> n1", "b -> n1", "plain -> n1"]);
});

test("a pod that did not fit is tried again when there is room", async () => {
  const run = await runScheduler({ featureGates });
  const small = (cpu: string) => node("n1").capacity({ cpu, pods: "10" }).build();
  run.cluster.put(small("2"), deviceClass("cpus"), claimFor("c", "cpus"), user("a", "c"));
  run.cluster.put(resourceSlice("n1", [twoCpus("d0")], { nodeName: "n1" }));
  await run.settle();
  assert.deepEqual(run.cluster.placements(), ["a -> ?"]);
  run.cluster.put(small("3"));
  await run.clock.advance(60_000);
  await run.settle();
  run.stop();
  assert.deepEqual(run.cluster.placements(), ["a -> n1"]);
});

test("a share of a device takes its part", async () => {
  const shared = device(
    "d",
    { cpu: { capacityKey: "cores", allocationMultiplier: "500m" }, memory: { capacityKey: "none" } },
    { allowMultipleAllocations: true, capacity: { cores: { value: "16" } } },
  );
  const exactly = {
    deviceClassName: "cpus",
    allocationMode: "ExactCount",
    count: 1,
    capacity: { requests: { cores: "3" } },
  };
  const run = await placing([
    resourceSlice("n1", [shared], { nodeName: "n1" }),
    resourceClaim("c", { requests: [{ name: "r", exactly }] }),
    user("a", "c"),
  ]);
  assert.deepEqual(run.cluster.cache.get(pods, "default/a")?.status.nodeAllocatableResourceClaimStatuses, [
    { resourceClaimName: "c", containers: ["c"], resources: { cpu: "1500m" } },
  ]);
});

test("who may not have them", async () => {
  const slice = resourceSlice("n1", [twoCpus("d0")], { nodeName: "n1" });
  const ofCapacity = device("d0", { cpu: { capacityKey: "cores" } }, { capacity: { cores: { value: "2" } } });
  const huge = device("d0", { "hugepages-2Mi": { allocationMultiplier: "2Mi" } });
  const claim = claimFor("c", "cpus");
  const cases: [what: string, objects: KubeObject[], expected: RegExp][] = [
    [
      "no container",
      [slice, claim, user("a", "c", {}, false)],
      /claim c: node-allocatable resource claim not referenced by any container within the pod/,
    ],
    [
      "too little for the pod as a whole",
      [slice, claim, user("a", "c", { resources: { requests: { cpu: "2" } } })],
      /pod level request for cpu is insufficient to cover the aggregated container and node-allocatable DRA requests/,
    ],
    [
      "a node without",
      [resourceSlice("n1", [huge], { nodeName: "n1" }), claim, user("a", "c")],
      /Insufficient hugepages-2Mi/,
    ],
    [
      "a capacity that nobody shares",
      [resourceSlice("n1", [ofCapacity], { nodeName: "n1" }), claim, user("a", "c")],
      /claim default\/c, device d0: ConsumedCapacity is nil, but Capacity key 'cores' is set in NodeAllocatableResourceMappings for resource cpu/,
    ],
  ];
  for (const [what, objects, expected] of cases) {
    const run = await placing(objects);
    assert.deepEqual(run.cluster.placements(), ["a -> ?"], what);
    assert.match(why(run), expected, what);
  }
  const enough = await placing([slice, claim, user("a", "c", { resources: { requests: { cpu: "3" } } })]);
  assert.deepEqual(enough.cluster.placements(), ["a -> n1"]);
});

test("a claim of such devices is for one pod", async () => {
  const slice = resourceSlice("n1", [device("d0", { cpu: {} })], { nodeName: "n1" });
  const run = await placing([slice, claimFor("c", "cpus"), user("a", "c"), user("b", "c")]);
  run.stop();
  assert.deepEqual(run.cluster.placements(), ["a -> n1", "b -> ?"]);
  const again = await runScheduler({ featureGates, cluster: run.cluster });
  run.cluster.put(user("d", "c"));
  await again.settle();
  again.stop();
  assert.match(
    why(run),
    /d: Warning FailedScheduling: .*node allocatable resource claim c is already used by another pod/,
  );
});

test("what was told is taken back where the binding fails", async () => {
  const run = await runScheduler({ featureGates });
  const { cluster } = run;
  cluster.put(node("n1").capacity({ cpu: "4", pods: "10" }).build(), deviceClass("cpus"), claimFor("c", "cpus"));
  cluster.put(resourceSlice("n1", [twoCpus("d0")], { nodeName: "n1" }));
  cluster.fault = (request) => (request.startsWith("bind") ? new Error("no answer") : undefined);
  cluster.put(user("a", "c"));
  await run.settle();
  run.stop();
  assert.deepEqual(cluster.placements(), ["a -> ?"]);
  const told = cluster.cache.get(pods, "default/a")?.status.nodeAllocatableResourceClaimStatuses;
  assert.deepEqual(told ?? null, null);
  assert.equal(run.scheduler.cluster.node("n1")?.requested.milliCpu, 0);
});
