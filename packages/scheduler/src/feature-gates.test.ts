import assert from "node:assert/strict";
import { test } from "node:test";
import { pods } from "@kubets/api/generated/refs";
import type { Device } from "@kubets/api/generated/types/resource-v1";
import type { KubeObject } from "@kubets/api/meta";
import { node } from "@kubets/api/testing/node-builder";
import { pod } from "@kubets/api/testing/pod-builder";
import type { Client } from "@kubets/client/client";
import { defaultConfig } from "./config/config.ts";
import { schedulerGates } from "./feature-gates.ts";
import { claimFor, deviceClass, resourceClaim, resourceSlice, usingClaims } from "./testing/devices.ts";
import { runScheduler } from "./testing/run.ts";
import { claim, csiDriver, storageCapacity, storageClass, using, volume } from "./testing/volumes.ts";

test("names and values are those of v1.36", () => {
  assert.throws(
    () => schedulerGates({ NoSuchThing: true }),
    /^FeatureGateError: unrecognized feature gate: NoSuchThing/,
  );
  assert.throws(
    () => schedulerGates({ DRAAdminAccess: false }),
    /cannot set feature gate DRAAdminAccess to false, feature is locked to true/,
  );
  assert.deepEqual(schedulerGates({ WatchList: false }).warnings, []);
  assert.deepEqual(schedulerGates({ DRAPrioritizedList: true }).warnings, [
    "Setting GA feature gate DRAPrioritizedList=true. It will be removed in a future release.",
  ]);
  assert.equal(schedulerGates({ AllBeta: false }).enabled("DRADeviceTaints"), false);
});

const devices = (...more: readonly Partial<Device>[]): KubeObject[] => [
  node("n1").capacity({ cpu: "4", pods: "10" }).build(),
  deviceClass("gpu", { extendedResourceName: "example.com/gpu" }),
  resourceSlice(
    "n1",
    more.map((each, i) => ({ name: `d${i}`, ...each })),
    { nodeName: "n1", sharedCounters: [{ name: "all", counters: { parts: { value: "1" } } }] },
  ),
];
const claiming = (name: string) => [
  claimFor(`of-${name}`, "gpu"),
  pod(name)
    .spec(usingClaims(`of-${name}`))
    .build(),
];
const alternatives = resourceClaim("of-a", {
  requests: [
    { name: "r", firstAvailable: [{ name: "s", deviceClassName: "gpu", allocationMode: "ExactCount", count: 1 }] },
  ],
});
const revision = (name: string, revision: string) =>
  pod(name)
    .labels({ app: "a", revision })
    .spec({
      nodeSelector: { pool: "p" },
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          minDomains: 2,
          topologyKey: "kubernetes.io/hostname",
          whenUnsatisfiable: "DoNotSchedule",
          labelSelector: { matchLabels: { app: "a" } },
          matchLabelKeys: ["revision"],
        },
      ],
    })
    .build();

const ofDriver = [
  node("n1").build(),
  csiDriver("d", { preventPodSchedulingIfMissing: true }),
  claim("c", { volume: "v" }),
  volume("v", { driver: "d" }),
  pod("a").spec(using("c")).build(),
];

/** What is placed with a feature, and without it. */
const CASES: Record<string, { objects: readonly KubeObject[]; on: readonly string[]; off: readonly string[] }> = {
  DRADeviceTaints: {
    objects: [...devices({ taints: [{ key: "broken", effect: "NoSchedule" }] }), ...claiming("a")],
    on: ["a -> ?"],
    off: ["a -> n1"],
  },
  DRAPartitionableDevices: {
    objects: [
      ...devices({ consumesCounters: [{ counterSet: "all", counters: { parts: { value: "2" } } }] }),
      ...claiming("a"),
    ],
    on: ["a -> ?"],
    off: ["a -> n1"],
  },
  DRAConsumableCapacity: {
    objects: [
      ...devices({
        allowMultipleAllocations: true,
        capacity: { memory: { value: "2", requestPolicy: { default: "1", validValues: ["1"] } } },
      }),
      ...claiming("a"),
      ...claiming("b"),
    ],
    on: ["a -> n1", "b -> n1"],
    off: ["a -> n1", "b -> ?"],
  },
  DRAExtendedResource: {
    objects: [...devices({}), pod("a").requests({ "example.com/gpu": "1" }).build()],
    on: ["a -> n1"],
    off: ["a -> ?"],
  },
  DRAPrioritizedList: {
    objects: [...devices({}), alternatives, pod("a").spec(usingClaims("of-a")).build()],
    on: ["a -> n1"],
    off: ["a -> ?"],
  },
  MatchLabelKeysInPodTopologySpread: {
    objects: [node("n1").labels({ pool: "p" }).build(), revision("a", "1"), revision("b", "2")],
    on: ["a -> n1", "b -> n1"],
    off: ["a -> n1", "b -> ?"],
  },
  NodeDeclaredFeatures: {
    objects: [
      node("n1").build(),
      pod("a")
        .spec({
          containers: [
            {
              name: "c",
              resources: {},
              image: "i",
              restartPolicyRules: [{ action: "RestartAllContainers", exitCodes: { operator: "In", values: [1] } }],
            },
          ],
        })
        .build(),
    ],
    on: ["a -> ?"],
    off: ["a -> n1"],
  },
  DRANodeAllocatableResources: {
    objects: [
      ...devices({ nodeAllocatableResourceMappings: { cpu: { allocationMultiplier: "8" } } }),
      ...claiming("a"),
    ],
    on: ["a -> ?"],
    off: ["a -> n1"],
  },
  DRAListTypeAttributes: {
    objects: [
      ...devices({ attributes: { root: { strings: ["x", "y"] } } }, { attributes: { root: { string: "y" } } }),
      deviceClass("on-y", {
        selectors: [{ cel: { expression: `device.attributes["gpu.example.com"].root.includes("y")` } }],
      }),
      resourceClaim("of-a", {
        requests: ["r", "s"].map((name) => ({
          name,
          exactly: { deviceClassName: "on-y", allocationMode: "ExactCount", count: 1 },
        })),
        constraints: [{ matchAttribute: "gpu.example.com/root" }],
      }),
      pod("a").spec(usingClaims("of-a")).build(),
    ],
    on: ["a -> n1"],
    off: ["a -> ?"],
  },
  VolumeLimitScaling: { objects: ofDriver, on: ["a -> ?"], off: ["a -> n1"] },
};

for (const [gate, { objects, on, off }] of Object.entries(CASES))
  test(`${gate}: with and without`, async () => {
    const isOn = schedulerGates().enabled(gate as "DRADeviceTaints");
    for (const [featureGates, placed] of [
      [isOn ? {} : { [gate]: true }, on],
      [{ [gate]: false }, off],
    ] as const) {
      const run = await runScheduler({ featureGates });
      run.cluster.put(...objects);
      await run.settle();
      run.stop();
      assert.deepEqual(run.cluster.placements(), placed, JSON.stringify(featureGates));
    }
  });

test("a volume is made where the most room is, if that is switched on", async () => {
  const told = async (StorageCapacityScoring: boolean) => {
    const nodes = ["n1", "n2"].flatMap((name, i) => [
      // Without the feature the least used node is the best one.
      node(name)
        .capacity({ cpu: i ? "1" : "4", pods: "10" })
        .build(),
      storageCapacity(`on-${name}`, "late", { "kubernetes.io/hostname": name }, i ? "100Gi" : "2Gi"),
    ]);
    const run = await runScheduler({ featureGates: { StorageCapacityScoring } });
    run.cluster.put(...nodes, csiDriver("example.com/maker", { storageCapacity: true }));
    run.cluster.put(storageClass("late", "WaitForFirstConsumer"), claim("c", { storageClass: "late", size: "1Gi" }));
    run.cluster.put(pod("a").requests({ cpu: "100m" }).spec(using("c")).build());
    for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setImmediate(resolve));
    run.stop();
    return run.cluster.cache.get(pods, "default/a")?.status.nominatedNodeName;
  };
  assert.equal(await told(false), "n1");
  assert.equal(await told(true), "n2");
});

test("devices that become ready by conditions are none without these", async () => {
  for (const gate of ["DRADeviceBindingConditions", "DRAResourceClaimDeviceStatus"]) {
    const run = await runScheduler({ featureGates: { [gate]: false } });
    run.cluster.put(
      ...devices({ bindsToNode: true, bindingConditions: ["ready"], bindingFailureConditions: ["failed"] }),
    );
    run.cluster.put(...claiming("a"));
    await run.settle();
    run.stop();
    assert.match(
      run.cluster.events.join(),
      /a: Warning FailedScheduling: 0\/1 nodes are available: 1 cannot allocate all claims/,
    );
  }
});

test("a node is told of before a binding that takes time, unless that is switched off", async () => {
  for (const [featureGates, told] of [
    [{}, 1],
    [{ NominatedNodeNameForExpectation: false }, 0],
  ] as const) {
    const run = await runScheduler({ featureGates });
    run.cluster.put(...devices({}), ...claiming("a"));
    await run.settle();
    run.stop();
    assert.equal(run.cluster.requests.filter((request) => request === "patch default/a").length, told);
    assert.deepEqual(run.cluster.placements(), ["a -> n1"]);
  }
});

test("a pod that backs off is tried early where there is nothing else to do, unless that is switched off", async () => {
  for (const [featureGates, placed] of [
    [{}, "a -> n1"],
    [{ SchedulerPopFromBackoffQ: false }, "a -> ?"],
  ] as const) {
    const run = await runScheduler({ featureGates });
    run.cluster.put(pod("a").requests({ cpu: "8" }).build(), node("n1").capacity({ cpu: "4", pods: "10" }).build());
    await run.settle();
    run.cluster.put(node("n1").capacity({ cpu: "8", pods: "10" }).build());
    await run.settle();
    assert.deepEqual(run.cluster.placements(), [placed]);
    await run.clock.advance(defaultConfig.podInitialBackoffSeconds * 1000);
    await run.settle();
    assert.deepEqual(run.cluster.placements(), ["a -> n1"]);
    run.stop();
  }
});

test("others are decided while pods go for one, unless that is switched off", async () => {
  for (const [featureGates, meanwhile] of [
    [{}, "other -> n2"],
    [{ SchedulerAsyncPreemption: false }, "other -> ?"],
  ] as const) {
    const run = await runScheduler({ featureGates });
    const { cluster } = run;
    const answer = Promise.withResolvers<void>();
    const client = cluster.client as { delete: Client["delete"] };
    const remove = client.delete;
    client.delete = async (...args) => {
      await answer.promise;
      return remove(...args);
    };
    const small = (name: string) => node(name).capacity({ cpu: "1", pods: "10" });
    cluster.put(small("n1").build(), small("n2").labels({ pool: "p" }).build());
    cluster.put(pod("low").on("n1").requests({ cpu: "1" }).build());
    cluster.put(
      pod("other")
        .requests({ cpu: "1" })
        .priority(1)
        .spec({ nodeSelector: { pool: "p" } })
        .build(),
    );
    cluster.put(
      pod("high")
        .requests({ cpu: "1" })
        .priority(9)
        .spec({ nodeSelector: { "kubernetes.io/hostname": "n1" } })
        .build(),
    );
    for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(cluster.placements(), ["high -> ?", "low -> n1", meanwhile]);
    answer.resolve();
    await run.settle();
    run.stop();
    assert.deepEqual(cluster.placements(), ["high -> n1", "other -> n2"]);
  }
});
