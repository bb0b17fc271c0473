import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { pods, replicasets } from "@kubets/api/generated/refs";
import type { ReplicaSet } from "@kubets/api/generated/types/apps-v1";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { KubeObject } from "@kubets/api/meta";
import { notFound } from "@kubets/machinery";
import type { Client } from "./client.ts";
import {
  type Claim,
  claimObjects,
  claimOf,
  controllerOf,
  controllerReference,
  isControlledBy,
  refersTo,
} from "./owner.ts";

const object = (kind: string, name: string, more: object = {}): KubeObject => ({
  kind,
  apiVersion: kind === "Pod" ? "v1" : "apps/v1",
  metadata: { namespace: "ns", name, uid: `uid-${name}`, resourceVersion: "1", creationTimestamp: "", ...more },
});
const going = { deletionTimestamp: "2026-01-01T00:00:00Z" };
const owner = object("ReplicaSet", "rs");
const mine = { ownerReferences: [controllerReference(owner)] };
const others = { ownerReferences: [controllerReference(object("ReplicaSet", "other"))] };

describe("claimOf", () => {
  const cases: readonly [what: string, owner: KubeObject, pod: object, matches: boolean, claim: Claim][] = [
    ["mine and matching", owner, mine, true, "keep"],
    ["mine and not matching", owner, mine, false, "release"],
    ["mine and not matching, while I go", object("ReplicaSet", "rs", going), mine, false, "ignore"],
    ["mine and matching, while I go", object("ReplicaSet", "rs", going), mine, true, "keep"],
    ["another's", owner, others, true, "ignore"],
    ["an orphan that matches", owner, {}, true, "adopt"],
    ["an orphan that does not", owner, {}, false, "ignore"],
    ["an orphan that goes", owner, going, true, "ignore"],
    ["an orphan, while I go", object("ReplicaSet", "rs", going), {}, true, "ignore"],
    ["an orphan elsewhere", owner, { namespace: "elsewhere" }, true, "ignore"],
    [
      "an orphan elsewhere, of an owner of the cluster",
      object("Node", "n", { namespace: undefined }),
      {},
      true,
      "adopt",
    ],
  ];
  for (const [what, of, pod, matches, claim] of cases)
    it(what, () => assert.equal(claimOf(of, object("Pod", "p", pod), matches), claim));
});

describe("owner references", () => {
  it("tell who controls", () => {
    const pod = object("Pod", "p", mine);
    assert.equal(controllerOf(pod)?.name, "rs");
    assert.ok(isControlledBy(pod, owner));
    assert.ok(!isControlledBy(pod, object("ReplicaSet", "other")));
    assert.ok(refersTo(controllerReference(owner), replicasets));
    assert.ok(!refersTo({ ...controllerReference(owner), apiVersion: "other/v1" }, replicasets));
  });
});

/** A client that writes down patches, answers gets with the owner, and knows nothing of some pods. */
function patching(fresh: KubeObject, missing: readonly string[] = []) {
  const patches: [name: string, body: unknown][] = [];
  const client = {
    get: async () => fresh,
    patch: async (_ref: unknown, { name }: { name: string }, { body }: { body: unknown }) => {
      if (missing.includes(name)) throw notFound({ group: "", resource: "pods" }, name);
      patches.push([name, body]);
    },
  } as unknown as Pick<Client, "get" | "patch">;
  return { client, patches };
}

describe("claimObjects", () => {
  const objects = [
    object("Pod", "kept", mine),
    object("Pod", "left", mine),
    object("Pod", "new"),
    object("Pod", "gone"),
  ] as Pod[];
  const options = (client: Pick<Client, "get" | "patch">) => ({
    client,
    owner: owner as ReplicaSet,
    ownerRef: replicasets,
    objects,
    ref: pods,
    matches: (pod: Pod) => pod.metadata.name !== "left",
  });

  it("adopts and releases by patches that hold for that one object", async () => {
    const { client, patches } = patching(owner, ["gone"]);
    const claimed = await claimObjects(options(client));
    assert.deepEqual(
      claimed.map(({ metadata }) => metadata.name),
      ["kept", "new"],
    );
    assert.deepEqual(patches, [
      ["left", { metadata: { ownerReferences: [{ $patch: "delete", uid: "uid-rs" }], uid: "uid-left" } }],
      ["new", { metadata: { ownerReferences: [controllerReference(owner)], uid: "uid-new" } }],
    ]);
  });

  it("adopts nothing when the owner has gone or is going, which the cache did not know", async () => {
    const replaced = patching(object("ReplicaSet", "rs", { uid: "another" }));
    await assert.rejects(
      claimObjects(options(replaced.client)),
      /original ReplicaSet rs is gone: got uid another, wanted uid-rs/,
    );
    const deleted = patching(object("ReplicaSet", "rs", going));
    await assert.rejects(claimObjects(options(deleted.client)), /rs has just been deleted at 2026-01-01T00:00:00Z/);
    assert.deepEqual(
      deleted.patches.map(([name]) => name),
      ["left"],
    );
  });
});
