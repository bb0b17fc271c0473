/** What newer features say of devices and volumes, through the real API server: it keeps what they say, and the scheduler acts with the rights that a cluster gives it. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  csidrivers,
  csinodes,
  deviceclasses,
  nodes,
  persistentvolumeclaims,
  persistentvolumes,
  podgroups,
  pods,
  resourceclaims,
  resourceslices,
} from "@kubets/api/generated/refs";
import type { Device, DeviceClaim } from "@kubets/api/generated/types/resource-v1";
import type { Client } from "@kubets/client";
import { eventually } from "../cluster.ts";
import { serveWithScheduler } from "./scheduler.ts";

const features = [
  "DRAListTypeAttributes",
  "DRANodeAllocatableResources",
  "DRAWorkloadResourceClaims",
  "GangScheduling",
  "GenericWorkload",
  "VolumeLimitScaling",
];
const DRIVER = "d.example.com";
let client: Client;
let server: Awaited<ReturnType<typeof serveWithScheduler>>;

before(async () => {
  server = await serveWithScheduler(features);
  ({ client } = server);
  const amounts = { cpu: "4", memory: "1Gi", pods: "20" };
  const made = await client.create(nodes, { metadata: { name: "n1" } });
  await client.update(nodes, { ...made, status: { capacity: amounts, allocatable: amounts } } as never, {
    subresource: "status",
  });
  await client.create(deviceclasses, { metadata: { name: "any" }, spec: {} });
});
after(() => server?.close());

const inDefault = (name: string) => ({ namespace: "default", name });
const addDevices = (pool: string, devices: readonly Device[]) =>
  client.create(resourceslices, {
    metadata: { name: pool },
    spec: { driver: DRIVER, nodeName: "n1", pool: { name: pool, generation: 1, resourceSliceCount: 1 }, devices },
  } as never);
const addClaim = (name: string, expression: string, more: Partial<DeviceClaim> = {}, count = 1) =>
  client.create(resourceclaims, {
    metadata: inDefault(name),
    spec: {
      devices: {
        requests: [
          {
            name: "r",
            exactly: {
              deviceClassName: "any",
              count,
              selectors: [{ cel: { expression: `device.attributes["${DRIVER}"].${expression}` } }],
            },
          },
        ],
        ...more,
      },
    },
  } as never);
const addPod = (name: string, claim: string, spec: object = {}) =>
  client.create(pods, {
    metadata: inDefault(name),
    spec: {
      containers: [{ name: "c", image: "i", resources: { requests: { cpu: "500m" }, claims: [{ name: "mine" }] } }],
      resourceClaims: [{ name: "mine", resourceClaimName: claim }],
      ...spec,
    },
  });
const nodeOf = async (name: string) => (await client.get(pods, inDefault(name))).spec.nodeName;
const conditionOf = async (name: string) => (await client.get(pods, inDefault(name))).status.conditions?.[0]?.message;

test("devices that have a value in common are given together", async () => {
  const rooted = (name: string, ...strings: string[]): Device => ({
    name,
    attributes: { kind: { string: "rooted" }, root: { strings } },
  });
  await addDevices("roots", [rooted("x", "1", "2"), rooted("y", "3"), rooted("z", "2", "4")]);
  const constraints = [{ matchAttribute: `${DRIVER}/root` }];
  await addClaim("pair", `kind.includes("rooted")`, { constraints }, 2);
  await addPod("pair", "pair");
  await eventually("the pod has a place", async () => (await nodeOf("pair")) === "n1");
  const { status } = await client.get(resourceclaims, inDefault("pair"));
  assert.deepEqual(
    status.allocation?.devices.results?.map(({ device }) => device),
    ["x", "z"],
  );
});

test("what devices take of the node is told in the pod's status, and counts", async () => {
  const mappings = { nodeAllocatableResourceMappings: { cpu: { allocationMultiplier: "1500m" } } };
  await addDevices(
    "cpus",
    ["a", "b"].map((name) => ({ name, attributes: { kind: { string: "cpus" } }, ...mappings })),
  );
  for (const name of ["cpu-a", "cpu-b"]) {
    await addClaim(name, `kind == "cpus"`);
    await addPod(name, name);
    await eventually("the pod is decided", async () => (await nodeOf(name)) ?? (await conditionOf(name)));
  }
  assert.equal(await nodeOf("cpu-a"), "n1");
  assert.deepEqual((await client.get(pods, inDefault("cpu-a"))).status.nodeAllocatableResourceClaimStatuses, [
    { resourceClaimName: "cpu-a", containers: ["c"], resources: { cpu: "1500m" } },
  ]);
  // 0.5 for the pair, 2 for the first, 2 for the second are more than 4.
  assert.match((await conditionOf("cpu-b")) ?? "", /Insufficient cpu/);
  for (const name of ["cpu-a", "cpu-b"]) await client.delete(pods, inDefault(name), { gracePeriodSeconds: 0 });
});

test("a claim of a group is held by the group", async () => {
  await addDevices("shared", [{ name: "s", attributes: { kind: { string: "shared" } } }]);
  await addClaim("shared", `kind == "shared"`);
  const claims = [{ name: "mine", resourceClaimName: "shared" }];
  await client.create(podgroups, {
    metadata: inDefault("g"),
    spec: { schedulingPolicy: { gang: { minCount: 2 } }, resourceClaims: claims },
  } as never);
  for (const name of ["g-1", "g-2"]) await addPod(name, "shared", { schedulingGroup: { podGroupName: "g" } });
  for (const name of ["g-1", "g-2"]) await eventually("the pod has a place", async () => (await nodeOf(name)) === "n1");
  const { reservedFor } = (await client.get(resourceclaims, inDefault("shared"))).status;
  assert.deepEqual(
    reservedFor?.map(({ apiGroup, resource, name }) => `${apiGroup} ${resource} ${name}`),
    ["scheduling.k8s.io podgroups g"],
  );
});

test("volumes wait for their driver", async () => {
  const preventPodSchedulingIfMissing = true;
  await client.create(csidrivers, { metadata: { name: "v.example.com" }, spec: { preventPodSchedulingIfMissing } });
  const storage = "1Gi";
  await client.create(persistentvolumes, {
    metadata: { name: "v" },
    spec: {
      capacity: { storage },
      accessModes: ["ReadWriteOnce"],
      csi: { driver: "v.example.com", volumeHandle: "v" },
      claimRef: inDefault("v"),
    },
  } as never);
  const claim = await client.create(persistentvolumeclaims, {
    metadata: { ...inDefault("v"), annotations: { "pv.kubernetes.io/bind-completed": "yes" } },
    spec: {
      accessModes: ["ReadWriteOnce"],
      storageClassName: "",
      volumeName: "v",
      resources: { requests: { storage } },
    },
  });
  await client.update(persistentvolumeclaims, { ...claim, status: { phase: "Bound" } } as never, {
    subresource: "status",
  });
  const volumes = [{ name: "v", persistentVolumeClaim: { claimName: "v" } }];
  await client.create(pods, {
    metadata: inDefault("v"),
    spec: { containers: [{ name: "c", image: "i" }], volumes },
  });
  await eventually("the pod is refused", async () => await conditionOf("v"));
  assert.match((await conditionOf("v")) ?? "", /v\.example\.com CSI driver is not installed on the node/);
  await client.create(csinodes, {
    metadata: { name: "n1" },
    spec: { drivers: [{ name: "v.example.com", nodeID: "n1" }] },
  } as never);
  await eventually("the pod has a place", async () => (await nodeOf("v")) === "n1");
});
