import assert from "node:assert/strict";
import { test } from "node:test";
import type { StorageVersion, StorageVersionStatus } from "../generated/types/apiserverinternal-v1alpha1.ts";
import { statusWithServers } from "./common-version.ts";

const THEN = "2026-01-01T00:00:00Z";
const NOW = "2026-01-02T00:00:00Z";
const server = (apiServerID: string, encodingVersion: string) => ({
  apiServerID,
  encodingVersion,
  decodableVersions: ["v1", "v2"],
});
const ofStatus = (status: StorageVersionStatus): StorageVersion => ({
  apiVersion: "internal.apiserver.k8s.io/v1alpha1",
  kind: "StorageVersion",
  metadata: { name: "core.pods", uid: "u", resourceVersion: "1", creationTimestamp: THEN },
  spec: {},
  status,
});
const condition = (status: "True" | "False", lastTransitionTime: string) => {
  const is = status === "True" ? "Set" : "Unset";
  const message = `Common encoding version ${is.toLowerCase()}`;
  return {
    type: "AllEncodingVersionsEqual",
    status,
    reason: `CommonEncodingVersion${is}`,
    message,
    lastTransitionTime,
  };
};

test("what all servers write is the common version, and since when is told", () => {
  const told = (before: StorageVersionStatus, ...written: string[]) => {
    const servers = written.map((version, i) => server(`server-${i}`, version));
    const { commonEncodingVersion, conditions } = statusWithServers(ofStatus(before), servers, NOW);
    return [commonEncodingVersion, conditions];
  };
  const v1 = { commonEncodingVersion: "v1", conditions: [condition("True", THEN)] };
  const none = { conditions: [condition("False", THEN)] };
  assert.deepEqual(told({}, "v1"), ["v1", [condition("True", NOW)]]);
  assert.deepEqual(told({}, "v1", "v2"), [undefined, [condition("False", NOW)]]);
  assert.deepEqual(told(v1, "v1", "v1"), ["v1", [condition("True", THEN)]]);
  assert.deepEqual(told(v1, "v1", "v2"), [undefined, [condition("False", NOW)]]);
  assert.deepEqual(told(v1, "v2"), ["v2", [condition("True", NOW)]]);
  assert.deepEqual(told(none, "v2", "v1"), [undefined, [condition("False", THEN)]]);
  assert.deepEqual(told(none), [undefined, [condition("False", THEN)]]);
});
