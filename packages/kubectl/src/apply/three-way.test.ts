import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { strategicMergePatch } from "@kubets/api/patch/strategic";
import { structOf } from "@kubets/api/schema";
import { applyMergePatch } from "@kubets/machinery/merge-patch";
import type { JsonObject } from "../json.ts";
import { LAST_APPLIED, lastApplied, withLastApplied } from "./last-applied.ts";
import { structFor } from "./struct.ts";
import { threeWayPatch } from "./three-way.ts";

const pod = structOf("api.core.v1.Pod");
const container = (name: string, image: string, more: JsonObject = {}): JsonObject => ({ name, image, ...more });
const podOf = (containers: JsonObject[], more: JsonObject = {}): JsonObject => ({
  metadata: { name: "a" },
  spec: { containers, ...more },
});

describe("the three-way patch", () => {
  it("is empty where the live object is as the file says, whatever stands beside", () => {
    const file = podOf([container("c", "i")]);
    const live = podOf([container("c", "i", { imagePullPolicy: "Always" }), container("sidecar", "s")], {
      nodeName: "n",
    });
    assert.deepEqual(threeWayPatch(file, file, live, pod), {});
  });

  it("changes, adds and removes items of merged lists by their key", () => {
    const before = podOf([container("a", "1"), container("b", "1")]);
    const after = podOf([container("a", "2"), container("c", "1")]);
    const live = podOf([container("a", "1", { stdin: true }), container("b", "1"), container("mine", "1")]);
    const patch = threeWayPatch(before, after, live, pod);
    assert.deepEqual(patch, {
      spec: {
        containers: [{ name: "a", image: "2" }, container("c", "1"), { $patch: "delete", name: "b" }],
        "$setElementOrder/containers": [{ name: "a" }, { name: "c" }],
      },
    });
    const result = strategicMergePatch(pod, live, patch) as { spec: { containers: { name: string }[] } };
    assert.deepEqual(result.spec.containers.map(({ name }) => name).sort(), ["a", "c", "mine"]);
  });

  it("removes what was applied before and nothing else", () => {
    const patch = threeWayPatch(
      { data: { a: "1", b: "2" } },
      { data: { a: "1" } },
      { data: { a: "1", b: "2", c: "3" } },
      structOf("api.core.v1.ConfigMap"),
    );
    assert.deepEqual(patch, { data: { b: null } });
  });

  it("replaces other lists whole, and keeps order where order matters", () => {
    const command = (...words: string[]) => podOf([container("c", "i", { command: words })]);
    const patch = threeWayPatch(command("a"), command("a", "b"), command("a"), pod);
    assert.deepEqual(patch, {
      spec: { containers: [{ name: "c", command: ["a", "b"] }], "$setElementOrder/containers": [{ name: "c" }] },
    });
    const swapped = threeWayPatch(
      {},
      podOf([container("b", "1"), container("a", "1")]),
      podOf([container("a", "1"), container("b", "1")]),
      pod,
    );
    assert.deepEqual(swapped, { spec: { "$setElementOrder/containers": [{ name: "b" }, { name: "a" }] } });
  });

  it("keeps only the keys of a union", () => {
    const deployment = structOf("api.apps.v1.Deployment");
    const strategy = (value: JsonObject): JsonObject => ({ spec: { strategy: value } });
    const live = strategy({ type: "RollingUpdate", rollingUpdate: { maxSurge: 1 } });
    const patch = threeWayPatch({}, strategy({ type: "Recreate" }), live, deployment);
    assert.deepEqual(strategicMergePatch(deployment, live, patch), strategy({ type: "Recreate" }));
  });

  it("is a merge patch for custom kinds", () => {
    const before = { spec: { list: [{ name: "a" }], old: 1 } };
    const after = { spec: { list: [{ name: "b" }] } };
    const live = { spec: { list: [{ name: "a" }], old: 1, own: 2 } };
    const patch = threeWayPatch(before, after, live);
    assert.deepEqual(applyMergePatch(live, patch), { spec: { list: [{ name: "b" }], own: 2 } });
  });

  it("knows the structs of built-in kinds", () => {
    for (const [group, version, kind] of [
      ["", "v1", "Pod"],
      ["apps", "v1", "Deployment"],
      ["rbac.authorization.k8s.io", "v1", "Role"],
      ["apiextensions.k8s.io", "v1", "CustomResourceDefinition"],
    ] as const)
      assert.ok(structFor({ group, version, kind }), kind);
    assert.equal(structFor({ group: "example.com", version: "v1", kind: "Pod" }), undefined);
  });
});

it("what was last applied stands in an annotation that does not hold itself", () => {
  const object = { kind: "Pod", metadata: { name: "a" } };
  const annotated = withLastApplied(object);
  const text = (annotated.metadata as { annotations: Record<string, string> }).annotations[LAST_APPLIED];
  assert.equal(text, '{"kind":"Pod","metadata":{"annotations":{},"name":"a"}}\n');
  assert.deepEqual(withLastApplied(annotated), annotated);
  assert.deepEqual(lastApplied(annotated), { kind: "Pod", metadata: { annotations: {}, name: "a" } });
});
