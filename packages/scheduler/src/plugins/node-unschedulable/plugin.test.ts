import assert from "node:assert/strict";
import { test } from "node:test";
import { node } from "@kubets/api/testing/node-builder";
import { pod } from "@kubets/api/testing/pod-builder";
import { fixture } from "../../testing/plugin-fixture.ts";
import { nodeUnschedulable } from "./plugin.ts";

test("a cordoned node takes only pods that tolerate it", () => {
  const { refusals } = fixture(nodeUnschedulable, {}, node("n1").build(), node("n2").unschedulable().build());
  const tolerant = pod("b").tolerates({ key: "node.kubernetes.io/unschedulable", operator: "Exists" }).build();
  assert.deepEqual(refusals(pod("a").build()), { n1: "", n2: "node(s) were unschedulable!" });
  assert.deepEqual(refusals(tolerant), { n1: "", n2: "" });
});
