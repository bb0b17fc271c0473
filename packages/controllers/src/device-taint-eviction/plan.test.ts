import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeviceTaint, ResourceClaim } from "@kubets/api/generated/types/resource-v1";
import { leavesAt } from "./plan.ts";

const AT = Date.UTC(2026, 0, 1);
const taint = (key: string): DeviceTaint => ({ key, effect: "NoExecute", timeAdded: "2026-01-01T00:00:00Z" });
const claim = (...tolerations: object[]) =>
  ({
    status: {
      allocation: { devices: { results: [{ request: "r", driver: "d", pool: "p", device: "a", tolerations }] } },
    },
  }) as unknown as ResourceClaim;
const leaves = (taints: DeviceTaint[], ...tolerations: object[]) => leavesAt([claim(...tolerations)], () => taints);

test("what nothing tolerates drives off at once, what is tolerated for a time then, what is tolerated never", () => {
  assert.equal(leaves([]), undefined);
  assert.equal(leaves([taint("hot")]), AT);
  assert.equal(leaves([taint("hot")], { key: "cold", operator: "Exists" }), AT);
  assert.equal(leaves([taint("hot")], { operator: "Exists" }), undefined);
  const [long, short] = [60, 5].map((tolerationSeconds) => ({ key: "hot", operator: "Exists", tolerationSeconds }));
  assert.equal(leaves([taint("hot")], long as object, short as object), AT + 5000);
  assert.equal(leaves([taint("hot"), taint("old")], long as object, { key: "old", operator: "Exists" }), AT + 60_000);
});
