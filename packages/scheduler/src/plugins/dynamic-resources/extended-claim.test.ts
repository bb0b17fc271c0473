import assert from "node:assert/strict";
import { test } from "node:test";
import { resourceclaims } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { KubeObject } from "@kubets/api/meta";
import { node } from "@kubets/api/testing/node-builder";
import { pod } from "@kubets/api/testing/pod-builder";
import { resourcesOf } from "../../framework/extended-resources.ts";
import { DRIVER, deviceClass, resourceClaim, resourceSlice } from "../../testing/devices.ts";
import { type Run, runScheduler } from "../../testing/run.ts";

const GPU = "example.com/gpu";
const served = deviceClass("gpu", { extendedResourceName: GPU });
const devices = (nodeName: string, ...names: string[]) =>
  resourceSlice(
    nodeName,
    names.map((name) => ({ name })),
    { nodeName },
  );

const allocatedOn = (nodeName: string, device: string) => ({
  allocation: {
    devices: { results: [{ request: "container-0-request-0", driver: DRIVER, pool: nodeName, device }] },
    nodeSelector: {
      nodeSelectorTerms: [{ matchFields: [{ key: "metadata.name", operator: "In", values: [nodeName] }] }],
    },
  },
});

const ownedBy = ({ metadata: { name, uid } }: Pod) => ({
  apiVersion: "v1",
  kind: "Pod",
  name,
  uid,
  controller: true,
  blockOwnerDeletion: true,
});

async function running(...objects: KubeObject[]): Promise<Run> {
  const run = await runScheduler();
  run.cluster.put(...objects);
  return run;
}

test("what a device class serves becomes a claim that is made when the pod is bound", async () => {
  const run = await running(node("n1").build(), node("n2").build(), served, devices("n2", "g0", "g1"));
  run.cluster.put(
    pod("a")
      .requests({ [GPU]: "2" })
      .build(),
    pod("b")
      .requests({ [GPU]: "1" })
      .build(),
  );
  await run.settle();
  assert.deepEqual(run.cluster.placements(), ["a -> n2", "b -> ?"]);
  assert.match(
    run.cluster.events.join("\n"),
    /b: Warning FailedScheduling: 0\/2 nodes are available: 2 cannot allocate all claims/,
  );
  const [claim, ...more] = run.cluster.truth(resourceclaims);
  assert.equal(more.length, 0);
  const { metadata, spec, status } = claim as NonNullable<typeof claim>;
  assert.equal(metadata.generateName, "a-extended-resources-");
  assert.deepEqual(metadata.annotations, { "resource.kubernetes.io/extended-resource-claim": "true" });
  const { uid } = run.cluster.pod("a").metadata;
  assert.deepEqual(metadata.ownerReferences, [ownedBy(run.cluster.pod("a"))]);
  assert.deepEqual(spec.devices.requests, [
    { name: "container-0-request-0", exactly: { deviceClassName: "gpu", allocationMode: "ExactCount", count: 2 } },
  ]);
  assert.deepEqual(
    status.allocation?.devices?.results?.map(({ request, driver, device }) => [request, driver, device]),
    [
      ["container-0-request-0", DRIVER, "g0"],
      ["container-0-request-0", DRIVER, "g1"],
    ],
  );
  assert.deepEqual(status.reservedFor, [{ resource: "pods", name: "a", uid }]);
  const { containers } = run.cluster.pod("a").spec;
  assert.deepEqual(run.cluster.pod("a").status.extendedResourceClaimStatus, {
    resourceClaimName: metadata.name,
    requestMappings: [{ containerName: containers[0]?.name, resourceName: GPU, requestName: "container-0-request-0" }],
  });
  run.stop();
});

test("a node that has the resource by itself needs no claim, and a class that comes lets pods in", async () => {
  const run = await running(
    node("n1")
      .capacity({ [GPU]: "1", pods: "10" })
      .build(),
    node("n2").build(),
  );
  run.cluster.put(
    devices("n2", "g0"),
    pod("a")
      .requests({ [GPU]: "1" })
      .build(),
  );
  await run.settle();
  run.cluster.put(
    pod("b")
      .requests({ [GPU]: "1" })
      .build(),
  );
  await run.settle();
  assert.deepEqual(run.cluster.placements(), ["a -> n1", "b -> ?"]);
  assert.equal(run.cluster.truth(resourceclaims).length, 0);
  run.cluster.put(served);
  await run.clock.advance(2000);
  await run.settle();
  assert.deepEqual(run.cluster.placements(), ["a -> n1", "b -> n2"]);
  assert.equal(run.cluster.truth(resourceclaims).length, 1);
  run.stop();
});

test("a binding that fails leaves no claim, and its devices to others", async () => {
  const run = await running(node("n1").build(), served, devices("n1", "g0"));
  run.cluster.fault = (request) => (request.startsWith("bind default/a") ? new Error("no") : undefined);
  run.cluster.put(
    pod("a")
      .requests({ [GPU]: "1" })
      .build(),
  );
  await run.settle();
  assert.deepEqual(run.cluster.truth(resourceclaims), []);
  run.cluster.put(
    pod("b")
      .requests({ [GPU]: "1" })
      .build(),
  );
  await run.settle();
  assert.deepEqual(run.cluster.placements(), ["a -> ?", "b -> n1"]);
  run.stop();
});

test("a claim that was made for the pod before the scheduler ended is used", async () => {
  const waiting = pod("a")
    .requests({ [GPU]: "1" })
    .status({
      extendedResourceClaimStatus: {
        resourceClaimName: "made",
        requestMappings: [{ containerName: "a", resourceName: GPU, requestName: "container-0-request-0" }],
      },
    })
    .build();
  const made = resourceClaim("made", { requests: [] }, allocatedOn("n2", "g1"));
  const owned = { ...made.metadata, ownerReferences: [ownedBy(waiting)] };
  const run = await running(
    node("n1").build(),
    node("n2").build(),
    served,
    devices("n1", "g0"),
    devices("n2", "g1"),
    { ...made, metadata: owned },
    waiting,
  );
  await run.settle();
  assert.deepEqual(run.cluster.placements(), ["a -> n2"]);
  assert.deepEqual(
    run.cluster.truth(resourceclaims).map(({ metadata }) => metadata.name),
    ["made"],
  );
  run.stop();
});

test("of classes that name the same resource the last made counts, then the first by name; each has a name of its own", () => {
  const made = (name: string, creationTimestamp: string) => ({
    ...deviceClass(name, { extendedResourceName: GPU }),
    metadata: { name, creationTimestamp },
  });
  const classes = [
    made("b", "2026-01-02T00:00:00Z"),
    made("a", "2026-01-01T00:00:00Z"),
    made("c", "2026-01-02T00:00:00Z"),
  ];
  const byResource = resourcesOf(classes as unknown as Parameters<typeof resourcesOf>[0]);
  assert.equal(byResource.get(GPU), "b");
  assert.equal(byResource.get("deviceclass.resource.kubernetes.io/c"), "c");
});
