import assert from "node:assert/strict";
import { test } from "node:test";
import { node } from "@kubets/api/testing/node-builder";
import { pod } from "@kubets/api/testing/pod-builder";
import { fixture } from "../../testing/plugin-fixture.ts";
import { nodeName } from "./plugin.ts";

test("a pod fits on the node that it names", () => {
  const { refusals } = fixture(nodeName, {}, node("n1").build(), node("n2").build());
  const other = "node(s) didn't match the requested node name!";
  assert.deepEqual(refusals(pod("a").build()), { n1: "", n2: "" });
  assert.deepEqual(refusals(pod("a").on("n2").build()), { n1: other, n2: "" });
});
