import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldErrorText } from "@kubets/machinery";
import type { NodeAllocatableResourceClaimStatus, Pod } from "../../generated/types/core-v1.ts";
import type { Draft } from "../../meta.ts";
import { validatePodStatusUpdate } from "../../pod/validate-status.ts";
import type { PartStrategy } from "../../resource.ts";
import { pod } from "../../testing/pod-builder.ts";
import { writeContext } from "../../testing/write-context.ts";
import { podSubresources } from "./subresources.ts";

const claimed = (...nodeAllocatableResourceClaimStatuses: NodeAllocatableResourceClaimStatus[]): Pod => {
  const built = pod("p").container("c").build();
  return { ...built, status: { ...built.status, nodeAllocatableResourceClaimStatuses } };
};
const one = { resourceClaimName: "a", containers: ["c"], resources: { cpu: "1" } };
const none = pod("p").container("c").build();

test("what claims take of the node is told where that is on, or was told before", () => {
  const stored = (old: Pod, ...features: string[]) => {
    const draft = structuredClone(claimed(one)) as Draft<Pod>;
    (podSubresources.status as PartStrategy<Pod>).prepareForUpdate(draft, old, writeContext(...features));
    return draft.status.nodeAllocatableResourceClaimStatuses;
  };
  assert.deepEqual(stored(none, "DRANodeAllocatableResources"), [one]);
  assert.equal(stored(none), undefined);
  assert.deepEqual(stored(claimed(one)), [one]);
});

test("it names a claim and containers of the pod, and is not negative", () => {
  const told = (more: Partial<typeof one>) =>
    validatePodStatusUpdate(claimed({ ...one, ...more }), none).map(fieldErrorText);
  const at = "status.nodeAllocatableResourceClaimStatuses[0]";
  assert.deepEqual(told({}), []);
  assert.match(told({ resourceClaimName: "A" })[0] ?? "", /\[0\]\.resourceClaimName: Invalid value: "A"/);
  assert.deepEqual(told({ containers: ["d"] }), [
    `${at}.containers[0]: Invalid value: "d": must be the name of a container of the pod`,
  ]);
  assert.deepEqual(told({ resources: { cpu: "-1" } }), [
    `${at}.resources[cpu]: Invalid value: "-1": must be greater than or equal to 0`,
  ]);
});
