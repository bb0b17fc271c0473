/** Claims that the pods of a group share: devices are found once, and are the group's. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { resourceclaims } from "@kubets/api/generated/refs";
import type { ResourceClaim } from "@kubets/api/generated/types/resource-v1";
import type { PodGroupResourceClaim } from "@kubets/api/generated/types/scheduling-v1alpha2";
import { node } from "@kubets/api/testing/node-builder";
import { pod } from "@kubets/api/testing/pod-builder";
import { claimFor, deviceClass, resourceSlice } from "./testing/devices.ts";
import { podGroup } from "./testing/gangs.ts";
import { type Run, runScheduler } from "./testing/run.ts";

const gates = { GenericWorkload: true, GangScheduling: true, DRAWorkloadResourceClaims: true };
const byTemplate = { name: "gpu", resourceClaimTemplateName: "t" };
const byName = { name: "gpu", resourceClaimName: "c" };
const claims = (...resourceClaims: readonly PodGroupResourceClaim[]) => ({ resourceClaims });

const cluster = [
  ...["n1", "n2"].map((name) => node(name).capacity({ cpu: "2", pods: "10" }).build()),
  deviceClass("gpu"),
  resourceSlice("n1", [{ name: "d0" }], { nodeName: "n1" }),
];
/** One that is the group's is made for it. */
const owned = (by: string): ResourceClaim => {
  const claim = claimFor("c", "gpu");
  const owner = { apiVersion: "scheduling.k8s.io/v1alpha2", kind: "PodGroup", name: by, uid: `uid-${by}` };
  return { ...claim, metadata: { ...claim.metadata, ownerReferences: [{ ...owner, controller: true }] } };
};
function member(name: string, wanted: PodGroupResourceClaim = byTemplate) {
  const made = pod(name)
    .requests({ cpu: "1" })
    .spec({ schedulingGroup: { podGroupName: "g" }, ...claims(wanted) })
    .build();
  return { ...made, status: { ...made.status, resourceClaimStatuses: [{ name: "gpu", resourceClaimName: "c" }] } };
}

async function scheduling(body: (run: Run) => Promise<void>, featureGates: Record<string, boolean> = gates) {
  const run = await runScheduler({ featureGates });
  try {
    run.cluster.put(...cluster);
    await body(run);
  } finally {
    run.stop();
  }
}
const holders = ({ cluster }: Run) =>
  cluster.truth(resourceclaims)[0]?.status?.reservedFor?.map(({ resource, name }) => `${resource} ${name}`);

for (const minCount of [undefined, 2])
  test(`pods of a ${minCount ? "gang" : "group"} share its claim, on the device's node`, () =>
    scheduling(async (run) => {
      run.cluster.put(podGroup("g", minCount, claims(byTemplate)), owned("g"), member("a"), member("b"));
      await run.settle();
      assert.deepEqual(run.cluster.placements(), ["a -> n1", "b -> n1"]);
      assert.deepEqual(holders(run), ["podgroups g"]);

      run.cluster.put(member("c"));
      await run.settle();
      assert.equal(run.cluster.placements()[2], "c -> ?", "there is no room beside the device");
      assert.match(run.cluster.events.join(), /1 Insufficient cpu, 1 resourceclaim not available on the node/);
      assert.deepEqual(holders(run), ["podgroups g"], "what a group holds is not given back for one of its pods");
    }));

test("what was decided for a gang is free again when it does not come to be", () =>
  scheduling(async (run) => {
    run.cluster.put(podGroup("g", 3, claims(byTemplate)), owned("g"), ...["a", "b", "c"].map((name) => member(name)));
    await run.settle();
    assert.deepEqual(run.cluster.placements(), ["a -> ?", "b -> ?", "c -> ?"]);
    assert.equal(holders(run), undefined);
    run.cluster.put({ ...claimFor("other", "gpu") });
    run.cluster.put(
      pod("z")
        .spec(claims({ name: "x", resourceClaimName: "other" }))
        .build(),
    );
    await run.settle();
    assert.equal(run.cluster.placements()[3], "z -> n1");
  }));

test("a claim by its name is the group's where the group asks in the same words, else each pod's", async () => {
  for (const [groups, expected] of [
    [[byName], ["podgroups g"]],
    [[{ name: "other", resourceClaimName: "c" }], ["pods a", "pods b"]],
    [[], ["pods a", "pods b"]],
  ] as const)
    await scheduling(async (run) => {
      run.cluster.put(podGroup("g", undefined, claims(...groups)), claimFor("c", "gpu"), member("a", byName));
      await run.settle();
      run.cluster.put(member("b", byName));
      await run.settle();
      assert.deepEqual(holders(run), expected);
    });
  await scheduling(
    async (run) => {
      run.cluster.put(podGroup("g", undefined, claims(byName)), claimFor("c", "gpu"), member("a", byName));
      await run.settle();
      assert.deepEqual(holders(run), ["pods a"], "unless the feature is off");
    },
    { ...gates, DRAWorkloadResourceClaims: false },
  );
});

test("a claim that was made for another group is not used", () =>
  scheduling(async (run) => {
    run.cluster.put(podGroup("g", undefined, claims(byTemplate)), owned("h"), member("a"));
    await run.settle();
    assert.deepEqual(run.cluster.placements(), ["a -> ?"]);
  }));

test("claims are looked at when the group is there; who has none does not wait for it here", () =>
  scheduling(
    async (run) => {
      const without = pod("b")
        .spec({ schedulingGroup: { podGroupName: "g" } })
        .build();
      run.cluster.put(owned("g"), member("a"), without);
      await run.settle();
      assert.equal(run.cluster.placements()[0], "a -> ?");
      assert.match(run.cluster.placements()[1] ?? "", /^b -> n/);
      run.cluster.put(podGroup("g", undefined, claims(byTemplate)));
      await run.settle();
      assert.equal(run.cluster.placements()[0], "a -> n1");
    },
    { ...gates, GangScheduling: false },
  ));
