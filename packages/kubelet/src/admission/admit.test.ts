import assert from "node:assert/strict";
import { test } from "node:test";
import { pod } from "@kubets/api/testing/pod-builder";
import { fits } from "./admit.ts";

test("what devices of claims take of the node counts, of those that are there and of the one that comes", () => {
  const claiming = (name: string, cpu: string) => {
    const built = pod(name).requests({ cpu: "1" }).build();
    const claimed = [{ resourceClaimName: "c", containers: ["c"], resources: { cpu } }];
    return { ...built, status: { ...built.status, nodeAllocatableResourceClaimStatuses: claimed } };
  };
  const refused = (comes: string, others: readonly string[]) =>
    fits(claiming("p", comes), {
      allocatable: { cpu: "4", pods: "10" },
      others: others.map((cpu) => claiming("o", cpu)),
    });
  assert.equal(refused("3", []), undefined);
  assert.equal(refused("3500m", [])?.reason, "OutOfcpu");
  assert.equal(refused("1", ["1"]), undefined);
  assert.equal(refused("1", ["1500m"])?.reason, "OutOfcpu");
});
