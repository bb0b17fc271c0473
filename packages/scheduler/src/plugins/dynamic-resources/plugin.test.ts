import assert from "node:assert/strict";
import { test } from "node:test";
import { resourceclaims } from "@kubets/api/generated/refs";
import type { ResourceClaim } from "@kubets/api/generated/types/resource-v1";
import type { KubeObject } from "@kubets/api/meta";
import { node } from "@kubets/api/testing/node-builder";
import { pod } from "@kubets/api/testing/pod-builder";
import { formatTime } from "@kubets/machinery/time";
import { defaultConfig } from "../../config/config.ts";
import { claimFor, DRIVER, deviceClass, resourceClaim, resourceSlice, usingClaims } from "../../testing/devices.ts";
import { fixture } from "../../testing/plugin-fixture.ts";
import { type Run, runScheduler } from "../../testing/run.ts";
import { dynamicResources } from "./plugin.ts";

const gpu = (name: string, labels: Readonly<Record<string, string>> = {}) => ({
  name,
  attributes: Object.fromEntries(Object.entries(labels).map(([key, string]) => [key, { string }])),
});
const onNode = (nodeName: string, ...names: string[]) =>
  resourceSlice(
    nodeName,
    names.map((name) => gpu(name)),
    { nodeName },
  );
const cluster = [
  node("n1").build(),
  node("n2").labels({ rack: "a" }).build(),
  deviceClass("gpu", { selectors: [{ cel: { expression: `device.driver == "${DRIVER}"` } }] }),
  deviceClass("odd", { selectors: [{ cel: { expression: `device.attributes["${DRIVER}"].none == 1` } }] }),
];
const user = pod("a").spec(usingClaims("c")).build();
const allocated = (nodeName: string, users = 0): ResourceClaim => ({
  ...claimFor("c", "gpu"),
  status: {
    allocation: {
      devices: { results: [{ request: "r", driver: DRIVER, pool: "n1", device: "g0" }] },
      nodeSelector: {
        nodeSelectorTerms: [{ matchFields: [{ key: "metadata.name", operator: "In", values: [nodeName] }] }],
      },
    },
    reservedFor: Array.from({ length: users }, (_, i) => ({ resource: "pods", name: `p${i}`, uid: `p${i}` })),
  },
});

test("a pod with claims", () => {
  const cases: [what: string, objects: KubeObject[], expected: Record<string, string>][] = [
    ["a claim that is not there", [], { "*": 'resourceclaim "c" not found!' }],
    ["devices on one node", [claimFor("c", "gpu"), onNode("n1", "g0")], { n1: "", n2: "cannot allocate all claims!" }],
    [
      "more than there are",
      [claimFor("c", "gpu", 2), onNode("n1", "g0")],
      { n1: "cannot allocate all claims!", n2: "cannot allocate all claims!" },
    ],
    [
      "a class that is not there",
      [claimFor("c", "big"), onNode("n1", "g0")],
      { "*": "request r: device class big does not exist!" },
    ],
    ["allocated elsewhere", [allocated("n2")], { n1: "resourceclaim not available on the node!", n2: "" }],
    ["in use by as many as may", [allocated("n1", 256)], { "*": "resourceclaim in use!" }],
    [
      "all of what is just changed",
      [
        resourceClaim("c", { requests: [{ name: "r", exactly: { deviceClassName: "gpu", allocationMode: "All" } }] }),
        resourceSlice("s", [gpu("g0")], { allNodes: true, pool: { name: "p", generation: 2, resourceSliceCount: 2 } }),
      ],
      Object.fromEntries(
        ["n1", "n2"].map((name) => [
          name,
          `claim default/c, request r: asks for all devices, but resource pool ${DRIVER}/p is currently being updated!`,
        ]),
      ),
    ],
  ];
  for (const [what, objects, expected] of cases)
    assert.deepEqual(fixture(dynamicResources, {}, ...cluster, ...objects).refusals(user), expected, what);
  const odd = fixture(dynamicResources, {}, ...cluster, claimFor("c", "odd"), onNode("n1", "g0"));
  assert.throws(() => odd.refusals(user), /class odd: selector #0 on device .*: CEL runtime error: no such key: none/);
});

const claimOf = ({ cluster }: Run): ResourceClaim =>
  cluster.truth(resourceclaims).find(({ metadata }) => metadata.name === "c") as ResourceClaim;

test("a device that a rule taints is for who tolerates it, until the rule goes", async () => {
  const run = await runScheduler({ featureGates: { DRADeviceTaintRules: true } });
  const rule = (name: string, pool: string): KubeObject =>
    ({
      kind: "DeviceTaintRule",
      apiVersion: "resource.k8s.io/v1beta2",
      metadata: { name, uid: name },
      spec: { deviceSelector: { pool }, taint: { key: "broken", effect: "NoSchedule" } },
    }) as never;
  const tolerant = { deviceClassName: "gpu", tolerations: [{ key: "broken", operator: "Exists" }] };
  run.cluster.put(
    ...cluster,
    rule("mine", "n1"),
    rule("other", "n9"),
    onNode("n1", "g0", "g1"),
    claimFor("c", "gpu"),
    resourceClaim("d", { requests: [{ name: "r", exactly: { ...tolerant, allocationMode: "ExactCount", count: 1 } }] }),
    user,
    pod("b").spec(usingClaims("d")).build(),
  );
  await run.settle();
  assert.deepEqual(run.cluster.placements(), ["a -> ?", "b -> n1"]);
  run.cluster.remove("DeviceTaintRule", "mine");
  await run.settle();
  await run.clock.advance(2000);
  await run.settle();
  assert.deepEqual(run.cluster.placements(), ["a -> n1", "b -> n1"]);
  run.stop();
});

async function running(...objects: KubeObject[]): Promise<Run> {
  const run = await runScheduler();
  run.cluster.put(...cluster, ...objects);
  return run;
}

test("devices are held, written with what drivers need, and the pod is bound where they are", async () => {
  const opaque = (value: string) => ({ opaque: { driver: DRIVER, parameters: { value } } });
  const spec = {
    requests: [
      { name: "a", exactly: { deviceClassName: "tuned", allocationMode: "ExactCount", count: 1 } },
      {
        name: "b",
        firstAvailable: [
          { name: "many", deviceClassName: "gpu", allocationMode: "ExactCount", count: 9 },
          { name: "one", deviceClassName: "gpu", allocationMode: "ExactCount", count: 1 },
        ],
      },
    ],
    config: [
      { requests: ["b/many"], ...opaque("not this") },
      { requests: ["b"], ...opaque("this") },
    ],
  };
  const run = await running(
    deviceClass("tuned", { config: [opaque("class")] }),
    resourceSlice("s", [gpu("g0"), gpu("g1")], {
      nodeSelector: { nodeSelectorTerms: [{ matchExpressions: [{ key: "rack", operator: "In", values: ["a"] }] }] },
    }),
    resourceClaim("c", spec),
    user,
  );
  await run.settle();
  assert.deepEqual(run.cluster.placements(), ["a -> n2"]);
  const { metadata, status } = claimOf(run);
  assert.deepEqual(metadata.finalizers, ["resource.kubernetes.io/delete-protection"]);
  assert.deepEqual(status, {
    allocation: {
      devices: {
        results: [
          { request: "a", driver: DRIVER, pool: "s", device: "g0" },
          { request: "b/one", driver: DRIVER, pool: "s", device: "g1" },
        ],
        config: [
          { source: "FromClass", requests: ["a"], ...opaque("class") },
          { source: "FromClaim", requests: ["b"], ...opaque("this") },
        ],
      },
      nodeSelector: { nodeSelectorTerms: [{ matchExpressions: [{ key: "rack", operator: "In", values: ["a"] }] }] },
      allocationTimestamp: formatTime(run.clock.now()),
    },
    reservedFor: [{ resource: "pods", name: "a", uid: user.metadata.uid }],
  });
  run.stop();
});

test("who finds no device waits until one is given back", async () => {
  const run = await running(onNode("n1", "g0"), claimFor("c", "gpu"), claimFor("d", "gpu"), user);
  run.cluster.put(pod("b").spec(usingClaims("d")).build());
  await run.settle();
  assert.deepEqual(run.cluster.placements(), ["a -> n1", "b -> ?"]);
  const { allocation: _, reservedFor: __, ...status } = claimOf(run).status;
  run.cluster.put({ ...claimOf(run), status } as KubeObject);
  await run.settle();
  assert.deepEqual(run.cluster.placements(), ["a -> n1", "b -> n1"]);
  run.stop();
});

test("two pods share a claim, and a new slice brings one that waits to a node", async () => {
  const run = await running(claimFor("c", "gpu"), user, pod("b").spec(usingClaims("c")).build());
  await run.settle();
  assert.deepEqual(run.cluster.placements(), ["a -> ?", "b -> ?"]);
  run.cluster.put(onNode("n1", "g0"));
  await run.settle();
  await run.clock.advance(2000);
  await run.settle();
  assert.deepEqual(run.cluster.placements(), ["a -> n1", "b -> n1"]);
  assert.deepEqual(
    claimOf(run)
      .status.reservedFor?.map(({ name }) => name)
      .sort(),
    ["a", "b"],
  );
  run.stop();
});

test("a binding that fails gives the devices back", async () => {
  const run = await running(onNode("n1", "g0"), claimFor("c", "gpu"), claimFor("d", "gpu"));
  run.cluster.fault = (request) => (request.startsWith("update ResourceClaim default/c") ? new Error("no") : undefined);
  run.cluster.put(user);
  await run.settle();
  assert.match(run.cluster.events.join("\n"), /FailedScheduling: running PreBind plugin "DynamicResources": no/);
  run.cluster.put(pod("b").spec(usingClaims("d")).build());
  await run.settle();
  assert.deepEqual(run.cluster.placements(), ["a -> ?", "b -> n1"]);
  run.stop();
});

test("a claim that nobody else uses is taken from where the pod cannot be", async () => {
  const run = await running(onNode("n1", "g0"), onNode("n2", "g0"), allocated("n1"));
  run.cluster.put(node("n1").unschedulable().build(), user);
  await run.settle();
  assert.match(run.cluster.events.join("\n"), /deallocation of ResourceClaim completed/);
  await run.clock.advance(2000);
  await run.settle();
  assert.deepEqual(run.cluster.placements(), ["a -> n2"]);
  run.stop();
});

test("a device with conditions is waited for; when it fails, another is found", async () => {
  const attached = { bindingConditions: ["Attached"], bindingFailureConditions: ["Failed"], bindsToNode: true };
  const run = await running(
    resourceSlice("s", [{ ...gpu("g0"), ...attached }], { allNodes: true }),
    claimFor("c", "gpu"),
    user,
  );
  const tell = (type: string) => {
    const claim = claimOf(run);
    const condition = {
      type,
      status: "True",
      reason: "Told",
      message: "so",
      lastTransitionTime: "2026-01-01T00:00:00Z",
    };
    const devices = [{ driver: DRIVER, pool: "s", device: "g0", conditions: [condition] }];
    run.cluster.put({ ...claim, status: { ...claim.status, devices } } as KubeObject);
  };
  await run.settle();
  assert.deepEqual(run.cluster.placements(), ["a -> ?"]);
  assert.match(
    run.cluster.events.join("\n"),
    /BindingConditionsPending: waiting for binding conditions for device on node n/,
  );
  tell("Failed");
  await run.settle();
  assert.match(run.cluster.events.join("\n"), /claim c binding failed: reason=Told, message="so"/);
  await run.clock.advance(3000);
  await run.settle();
  await run.clock.advance(3000);
  await run.settle();
  assert.equal(claimOf(run).status.devices, undefined);
  tell("Attached");
  await run.settle();
  assert.match(run.cluster.placements()[0] ?? "", /a -> n[12]/);
  run.stop();
});

test("all profiles know of the devices that one of them decided on", async () => {
  const profile = (schedulerName: string) => ({ schedulerName, plugins: {}, pluginConfig: {} });
  const config = { ...defaultConfig, profiles: [profile("default-scheduler"), profile("other")] };
  const run = await runScheduler({ config });
  run.cluster.put(...cluster, onNode("n1", "g0"), claimFor("c", "gpu"), claimFor("d", "gpu"));
  run.cluster.put(
    user,
    pod("b")
      .spec({ ...usingClaims("d"), schedulerName: "other" })
      .build(),
  );
  await run.settle();
  assert.equal(run.cluster.placements().filter((placement) => placement.endsWith("n1")).length, 1);
  run.stop();
});
