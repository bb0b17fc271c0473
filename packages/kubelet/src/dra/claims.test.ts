import assert from "node:assert/strict";
import { test } from "node:test";
import type { Container } from "@kubets/api/generated/types/core-v1";
import type { ResourceClaim } from "@kubets/api/generated/types/resource-v1";
import { pod } from "@kubets/api/testing/pod-builder";
import { claimsOf, devicesOf, type PreparedClaim, type PreparedDevice, whyNotUsable } from "./claims.ts";

const device = (name: string, ...requests: string[]): PreparedDevice => ({
  driver: "d",
  pool: "p",
  device: name,
  shareId: "",
  requests,
  cdiDevices: [`d/x=${name}`],
});
const prepared = (name: string, devices: PreparedDevice[]): PreparedClaim => ({
  namespace: "default",
  name,
  uid: name,
  pods: [],
  drivers: ["d"],
  devices,
});

test("a claim by its name, by its template, and one that was not needed", () => {
  const spec = {
    resourceClaims: [
      { name: "own", resourceClaimName: "a" },
      { name: "made", resourceClaimTemplateName: "t" },
      { name: "none", resourceClaimTemplateName: "t" },
    ],
  };
  const status = { resourceClaimStatuses: [{ name: "made", resourceClaimName: "a-x" }, { name: "none" }] };
  const made = pod("a").spec(spec).build();
  assert.deepEqual(claimsOf({ ...made, status }), [
    { alias: "own", name: "a" },
    { alias: "made", name: "a-x" },
  ]);
  assert.throws(() => claimsOf(made), /the claim made of the pod has not been made yet/);
});

test("a claim is for the pods that hold it, by themselves or as a group where that is on", () => {
  const user = pod("a")
    .spec({ schedulingGroup: { podGroupName: "g" } })
    .build();
  const held = (hasGroups: boolean, ...reservedFor: object[]) =>
    whyNotUsable(
      user,
      {
        metadata: { namespace: "default", name: "c", uid: "u" },
        status: { allocation: { devices: { results: [] } }, reservedFor },
      } as unknown as ResourceClaim,
      hasGroups,
    ) === undefined;
  const group = (name: string) => ({ apiGroup: "scheduling.k8s.io", resource: "podgroups", name, uid: name });
  assert.equal(held(true), false);
  assert.equal(held(false, { resource: "pods", name: "a", uid: user.metadata.uid }), true);
  assert.equal(held(true, group("g")), true);
  assert.equal(held(true, group("other")), false);
  assert.equal(held(false, group("g")), false);
});

test("a container has a whole claim or one request of it, choices included", () => {
  const claim = prepared("a", [device("1", "one"), device("2", "two/first"), device("3")]);
  const own = pod("a")
    .spec({ resourceClaims: [{ name: "mine", resourceClaimName: "a" }] })
    .build();
  const of = (request?: string) => {
    const container = {
      name: "c",
      resources: { claims: [{ name: "mine", ...(request && { request }) }] },
    } as Container;
    return devicesOf(own, container, () => claim).flatMap(({ devices }) => devices.map((each) => each.device));
  };
  assert.deepEqual(of(), ["1", "2", "3"]);
  assert.deepEqual(of("one"), ["1", "3"]);
  assert.deepEqual(of("two"), ["2", "3"]);
  assert.deepEqual(
    devicesOf(own, { name: "c" } as Container, () => claim),
    [],
  );
});

test("extended resources that a claim stands for", () => {
  const mapping = { containerName: "c", resourceName: "example.com/gpu", requestName: "one" };
  const made = pod("a").build();
  const status = { extendedResourceClaimStatus: { resourceClaimName: "x", requestMappings: [mapping] } };
  const found = devicesOf({ ...made, status }, { name: "c" } as Container, (name) =>
    name === "x" ? prepared("x", [device("1", "one")]) : undefined,
  );
  assert.deepEqual(
    found[0]?.devices.map((each) => each.device),
    ["1"],
  );
});
