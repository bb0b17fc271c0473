/** What pods and services lay claim to: ephemeral volumes, resource claims, ranges of service addresses; against the real API server on a virtual clock. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  devicetaintrules,
  devicetaintrulesV1ALPHA3,
  events,
  ipaddresses,
  persistentvolumeclaims,
  podgroups,
  pods,
  resourceclaims,
  resourceclaimtemplates,
  resourcepoolstatusrequests,
  resourceslices,
  servicecidrs,
} from "@kubets/api/generated/refs";
import { GROUP_CLAIM_GATES } from "@kubets/api/resource/group-claims";
import { servedResources } from "@kubets/api/runtime-config";
import { startCluster, type TestCluster, withCluster } from "./cluster.ts";

const using = (body: (cluster: TestCluster) => Promise<void>) => withCluster({ fate: () => "running" }, body);

const inDefault = (name: string) => ({ namespace: "default", name });
const containers = [{ name: "c", image: "i" }];

test("an ephemeral volume gets a claim of its pod's, and one of another's is left alone", () =>
  using(async (cluster) => {
    const spec = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } };
    await cluster.create(persistentvolumeclaims, { metadata: inDefault("p-taken"), spec });
    const volumeClaimTemplate = { metadata: { labels: { app: "x" } }, spec };
    const volumes = ["data", "taken"].map((name) => ({ name, ephemeral: { volumeClaimTemplate } }));
    await cluster.create(pods, { metadata: inDefault("p"), spec: { containers, volumes } });
    await cluster.until(async () => !(await cluster.gone(persistentvolumeclaims, "p-data")));
    const [made, taken] = [
      await cluster.get(persistentvolumeclaims, "p-data"),
      await cluster.get(persistentvolumeclaims, "p-taken"),
    ];
    const [owner] = made.metadata.ownerReferences ?? [];
    assert.deepEqual([owner?.kind, owner?.name, made.metadata.labels], ["Pod", "p", { app: "x" }]);
    assert.equal(taken.metadata.ownerReferences, undefined);
  }));

test("a claim is made by its template, and goes when its pod has ended", () =>
  using(async (cluster) => {
    await cluster.create(resourceclaimtemplates, {
      metadata: inDefault("gpu"),
      spec: { spec: { devices: { requests: [{ name: "r", exactly: { deviceClassName: "gpu" } }] } } },
    });
    const resourceClaimsOfPod = [{ name: "mine", resourceClaimTemplateName: "gpu" }];
    await cluster.create(pods, {
      metadata: inDefault("p"),
      spec: { containers, resourceClaims: resourceClaimsOfPod },
    });
    const told = async () => (await cluster.get(pods, "p")).status.resourceClaimStatuses?.[0];
    await cluster.until(async () => (await told()) !== undefined);
    const name = (await told())?.resourceClaimName as string;
    const claim = await cluster.get(resourceclaims, name);
    assert.match(name, /^p-mine-/);
    assert.equal(claim.metadata.annotations?.["resource.kubernetes.io/pod-claim-name"], "mine");

    const { uid } = (await cluster.get(pods, "p")).metadata;
    const reservedFor = [{ resource: "pods", name: "p", uid }];
    const status = { allocation: { devices: { results: [] } }, reservedFor };
    await cluster.client.update(resourceclaims, { ...claim, status }, { subresource: "status" });
    await cluster.at(1000);
    assert.deepEqual((await cluster.get(resourceclaims, name)).status.reservedFor, reservedFor);

    const body = { status: { phase: "Succeeded" } };
    await cluster.client.patch(pods, inDefault("p"), { type: "merge", body }, { subresource: "status" });
    await cluster.until(() => cluster.gone(resourceclaims, name));
  }));

test("a claim is made for a group by its template, told to the group and its pods, and let go with the group", () =>
  withCluster(
    {
      fate: () => "running",
      options: { featureGates: Object.fromEntries(GROUP_CLAIM_GATES.map((gate) => [gate, true])) },
      features: GROUP_CLAIM_GATES,
      resources: servedResources(["scheduling.k8s.io/v1alpha2"], () => true),
    },
    async (cluster) => {
      await cluster.create(resourceclaimtemplates, {
        metadata: inDefault("gpu"),
        spec: { spec: { devices: { requests: [{ name: "r", exactly: { deviceClassName: "gpu" } }] } } },
      });
      const claims = [{ name: "shared", resourceClaimTemplateName: "gpu" }];
      const member = (name: string, node?: string) =>
        cluster.create(pods, {
          metadata: inDefault(name),
          spec: {
            containers,
            schedulingGroup: { podGroupName: "g" },
            resourceClaims: claims,
            ...(node && { nodeName: node }),
          },
        });
      // The pod comes before its group: it waits, and gets no claim of its own.
      await member("early");
      await cluster.at(2000);
      assert.deepEqual(await cluster.list(resourceclaims), []);
      const group = await cluster.create(podgroups, {
        metadata: inDefault("g"),
        spec: { schedulingPolicy: { basic: {} }, resourceClaims: claims },
      } as never);
      const toldTo = async (name: string) =>
        (await cluster.get(pods, name)).status.resourceClaimStatuses?.[0]?.resourceClaimName;
      await cluster.until(async () => (await toldTo("early")) !== undefined);
      const [claim, ...more] = await cluster.list(resourceclaims);
      assert.ok(claim && more.length === 0);
      const { name, annotations, ownerReferences } = claim.metadata;
      assert.match(name, /^g-shared-/);
      assert.equal(annotations?.["resource.kubernetes.io/podgroup-claim-name"], "shared");
      assert.deepEqual(
        ownerReferences?.map((owner) => `${owner.kind} ${owner.name}`),
        ["PodGroup g"],
      );
      assert.deepEqual((await cluster.get(podgroups, "g")).status?.resourceClaimStatuses, [
        { name: "shared", resourceClaimName: name },
      ]);
      assert.equal(await toldTo("early"), name);

      const result = { request: "r", driver: "gpu.example.com", pool: "one", device: "gpu-0" };
      const status = { allocation: { devices: { results: [result] } } };
      await cluster.client.update(resourceclaims, { ...claim, status } as never, { subresource: "status" });
      // A pod that came to its node by itself holds it as one of the group.
      await member("placed", "node-1");
      const holders = async () => (await cluster.get(resourceclaims, name)).status?.reservedFor;
      await cluster.until(async () => (await holders()) !== undefined);
      const { uid } = group.metadata;
      const holder = { apiGroup: "scheduling.k8s.io", resource: "podgroups", name: "g", uid };
      assert.deepEqual(await holders(), [holder]);

      // A taint of the device ends all of them.
      await cluster.create(resourceslices, {
        metadata: { name: "slice" },
        spec: {
          driver: "gpu.example.com",
          pool: { name: "one", generation: 1, resourceSliceCount: 1 },
          nodeName: "node-1",
          devices: [{ name: "gpu-0", taints: [{ key: "hot", effect: "NoExecute" }] }],
        },
      });
      for (const each of ["early", "placed"]) await cluster.until(() => cluster.gone(pods, each));
      assert.deepEqual(await holders(), [holder], "the group keeps it");

      await cluster.client.delete(podgroups, inDefault("g"));
      await cluster.until(() => cluster.gone(podgroups, "g"));
      await cluster.until(() => cluster.gone(resourceclaims, name));
    },
  ));

test("a reservation of a pod that is gone is taken back, with the devices when it was the last", () =>
  using(async (cluster) => {
    const spec = { devices: { requests: [{ name: "r", exactly: { deviceClassName: "gpu" } }] } };
    const claim = await cluster.create(resourceclaims, { metadata: inDefault("c"), spec });
    const reservedFor = [{ resource: "pods", name: "nobody", uid: "7" }];
    const status = { allocation: { devices: { results: [] } }, reservedFor };
    await cluster.client.update(resourceclaims, { ...claim, status }, { subresource: "status" });
    await cluster.until(async () => !(await cluster.get(resourceclaims, "c")).status?.reservedFor);
    assert.equal((await cluster.get(resourceclaims, "c")).status?.allocation, undefined);
  }));

test("a pod that came to its node by itself holds its claim, and leaves when the device's taint is borne no longer", () =>
  using(async (cluster) => {
    const spec = { devices: { requests: [{ name: "r", exactly: { deviceClassName: "gpu" } }] } };
    const claim = await cluster.create(resourceclaims, { metadata: inDefault("c"), spec });
    const tolerations = [{ key: "hot", operator: "Exists", effect: "NoExecute", tolerationSeconds: 30 }];
    const result = { request: "r", driver: "gpu.example.com", pool: "one", device: "gpu-0", tolerations };
    const allocation = { devices: { results: [result] } };
    await cluster.client.update(resourceclaims, { ...claim, status: { allocation } } as never, {
      subresource: "status",
    });
    const uses = [{ name: "mine", resourceClaimName: "c" }];
    await cluster.create(pods, {
      metadata: inDefault("p"),
      spec: { nodeName: "node-1", terminationGracePeriodSeconds: 0, containers, resourceClaims: uses },
    });
    await cluster.until(async () => (await cluster.get(resourceclaims, "c")).status.reservedFor?.[0]?.name === "p");
    const slice = (key: string | undefined) => ({
      metadata: { name: "slice" },
      spec: {
        driver: "gpu.example.com",
        pool: { name: "one", generation: 1, resourceSliceCount: 1 },
        nodeName: "node-1",
        devices: [{ name: "gpu-0", ...(key && { taints: [{ key, effect: "NoExecute" }] }) }],
      },
    });
    const told = async () =>
      (await cluster.list(events))
        .filter(({ reason }) => reason === "DeviceTaintManagerEviction")
        .map((each) => each.message);
    const made = await cluster.create(resourceslices, slice("hot"));
    await cluster.at(20_000);
    const cooled = await cluster.client.update(resourceslices, {
      ...made,
      ...slice(undefined),
      metadata: made.metadata,
    } as never);
    await cluster.until(async () => (await told()).length > 0);
    assert.deepEqual(await told(), ["Cancelling deletion"]);
    await cluster.at(20_000);
    assert.equal(await cluster.gone(pods, "p"), false);

    await cluster.client.update(resourceslices, { ...cooled, ...slice("broken"), metadata: cooled.metadata } as never);
    await cluster.until(() => cluster.gone(pods, "p"), 2000);
    assert.deepEqual(new Set(await told()), new Set(["Cancelling deletion", "Marking for deletion"]));
  }));

test("a rule taints the devices that it means, and tells how many pods go because of it", async () => {
  const cluster = await startCluster({
    fate: () => "running",
    options: { featureGates: { DRADeviceTaintRules: true } },
    features: ["DRADeviceTaintRules"],
    resources: servedResources(["resource.k8s.io/v1beta2", "resource.k8s.io/v1alpha3"], () => true),
  });
  try {
    const spec = { devices: { requests: [{ name: "r", exactly: { deviceClassName: "gpu" } }] } };
    const make = async (name: string, device: string) => {
      const claim = await cluster.create(resourceclaims, { metadata: inDefault(name), spec });
      const results = [{ request: "r", driver: "gpu.example.com", pool: "one", device }];
      const status = { allocation: { devices: { results } } };
      await cluster.client.update(resourceclaims, { ...claim, status } as never, { subresource: "status" });
      const uses = [{ name: "mine", resourceClaimName: name }];
      await cluster.create(pods, {
        metadata: inDefault(name),
        spec: { nodeName: "node-1", terminationGracePeriodSeconds: 0, containers, resourceClaims: uses },
      });
      await cluster.until(async () => (await cluster.get(resourceclaims, name)).status.reservedFor?.[0]?.name === name);
    };
    await make("meant", "gpu-0");
    await make("other", "gpu-1");
    const told = async (name: string) => {
      const { conditions = [] } = (await cluster.get(devicetaintrules, name)).status ?? {};
      return conditions.map(({ type, status, reason, message }) => `${type} ${status} ${reason}: ${message}`);
    };
    const rule = (name: string, effect: string, deviceSelector?: object) =>
      cluster.create(devicetaintrules, {
        metadata: { name },
        spec: { ...(deviceSelector && { deviceSelector }), taint: { key: "broken", effect } },
      } as never);
    await rule("trial", "None", { driver: "gpu.example.com" });
    await cluster.until(async () => (await told("trial")).length > 0);
    assert.deepEqual(await told("trial"), [
      "EvictionInProgress False NoEffect: 0 published devices selected. 2 allocated devices selected. 2 pods would be evicted in 1 namespace if the effect was NoExecute. This information will not be updated again. Recreate the DeviceTaintRule to trigger an update.",
    ]);
    await rule("nothing", "NoExecute");
    await cluster.create(devicetaintrulesV1ALPHA3, {
      metadata: { name: "away" },
      spec: { deviceSelector: {}, taint: { key: "broken", effect: "NoSchedule" } },
    } as never);
    assert.equal((await cluster.get(devicetaintrules, "away")).apiVersion, "resource.k8s.io/v1beta2");
    assert.equal((await cluster.get(devicetaintrulesV1ALPHA3, "away")).apiVersion, "resource.k8s.io/v1alpha3");
    const { spec: stored } = await rule("off", "NoExecute", { pool: "one", device: "gpu-0" });
    assert.ok(stored.taint.timeAdded);
    await cluster.until(() => cluster.gone(pods, "meant"));
    await cluster.until(async () => (await told("off"))[0]?.includes("Completed") ?? false);
    assert.deepEqual(await told("off"), [
      "EvictionInProgress False Completed: 1 pod evicted since starting the controller.",
    ]);
    assert.deepEqual(await told("nothing"), ["EvictionInProgress False NotStarted: "]);
    assert.deepEqual(await told("away"), [
      "EvictionInProgress False OtherEffect: Eviction only happens for the NoExecute effect.",
    ]);
    assert.equal(await cluster.gone(pods, "other"), false);
  } finally {
    await cluster.stop();
  }
});

test("a question for the state of pools waits until they are complete, is answered once, and goes", async () => {
  const cluster = await startCluster({
    controllers: ["resourcepoolstatusrequest-controller"],
    options: { featureGates: { DRAResourcePoolStatus: true } },
    features: ["DRAResourcePoolStatus"],
    resources: servedResources(["resource.k8s.io/v1alpha3"], () => true),
  });
  try {
    const driver = "gpu.example.com";
    const slice = (name: string, devices: readonly string[]) =>
      cluster.create(resourceslices, {
        metadata: { name },
        spec: {
          driver,
          pool: { name: "one", generation: 1, resourceSliceCount: 2 },
          nodeName: "node-1",
          devices: devices.map((each) => ({ name: each })),
        },
      });
    await slice("first", ["gpu-0", "gpu-1"]);
    await cluster.create(resourcepoolstatusrequests, { metadata: { name: "how" }, spec: { driver } });
    const status = async () => (await cluster.get(resourcepoolstatusrequests, "how")).status;
    await cluster.at(10_000);
    assert.equal(await status(), undefined);

    await slice("second", ["gpu-2"]);
    await cluster.until(async () => (await status()) !== undefined);
    const { poolCount, pools, conditions = [] } = (await status()) ?? {};
    assert.equal(poolCount, 1);
    const counts = { totalDevices: 3, allocatedDevices: 0, availableDevices: 3, unavailableDevices: 0 };
    assert.deepEqual(pools, [
      { driver, poolName: "one", generation: 1, nodeName: "node-1", resourceSliceCount: 2, ...counts },
    ]);
    assert.deepEqual(
      conditions.map(({ type, reason, message }) => `${type} ${reason}: ${message}`),
      ["Complete CalculationComplete: Calculated status for 1 pools"],
    );
    await cluster.clock.advance(3_600_000);
    await cluster.until(() => cluster.gone(resourcepoolstatusrequests, "how"));
  } finally {
    await cluster.stop();
  }
});

test("a range of service addresses is ready, and goes when no address needs it any more", () =>
  using(async (cluster) => {
    await cluster.create(servicecidrs, { metadata: { name: "more" }, spec: { cidrs: ["10.200.0.0/24"] } });
    const ready = async () =>
      (await cluster.get(servicecidrs, "more")).status?.conditions?.map(({ type, status }) => `${type}=${status}`);
    await cluster.until(async () => (await ready())?.[0] === "Ready=True");
    assert.deepEqual((await cluster.get(servicecidrs, "more")).metadata.finalizers, [
      "networking.k8s.io/service-cidr-finalizer",
    ]);
    const parentRef = { resource: "services", namespace: "default", name: "s" };
    await cluster.create(ipaddresses, {
      metadata: {
        name: "10.200.0.7",
        labels: {
          "ipaddress.kubernetes.io/ip-family": "IPv4",
          "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io",
        },
      },
      spec: { parentRef },
    });
    await cluster.client.delete(servicecidrs, { name: "more" });
    await cluster.until(async () => (await ready())?.[0] === "Ready=False");
    await cluster.at(30_000);
    assert.equal(await cluster.gone(servicecidrs, "more"), false);
    await cluster.client.delete(ipaddresses, { name: "10.200.0.7" });
    await cluster.until(() => cluster.gone(servicecidrs, "more"));
  }));
