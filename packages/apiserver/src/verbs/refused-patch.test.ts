import assert from "node:assert/strict";
import { test } from "node:test";
import { applyMergePatch } from "@kubets/machinery/merge-patch";
import { refusedPatch } from "./refused-patch.ts";

test("a merge patch shows what it makes, in order where it went and as it was elsewhere", () => {
  const before = { kind: "K", metadata: { name: "a", labels: { z: "1", a: "2" } }, data: { y: "1" } };
  const patch = { data: { x: 5 } };
  const { status } = refusedPatch("merge", patch, before, applyMergePatch(before, patch), "why");
  const shown = '{"data":{"x":5,"y":"1"},"kind":"K","metadata":{"name":"a","labels":{"z":"1","a":"2"}}}';
  assert.equal(status.message, ` "" is invalid: patch: Invalid value: ${JSON.stringify(shown)}: why`);
  assert.equal(status.code, 422);
});

test("a strategic patch shows itself", () => {
  const why =
    "json: cannot unmarshal array into Go struct field DeploymentSpec.spec.template of type v1.PodTemplateSpec";
  const { status } = refusedPatch("strategic", { spec: { template: [] } }, {}, {}, why);
  assert.equal(
    status.message,
    ' "" is invalid: patch: Invalid value: "map[spec:map[template:[]]]": cannot restore struct from: slice',
  );
});
