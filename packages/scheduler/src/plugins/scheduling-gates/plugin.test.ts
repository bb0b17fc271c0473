import assert from "node:assert/strict";
import { test } from "node:test";
import { node } from "@kubets/api/testing/node-builder";
import { pod } from "@kubets/api/testing/pod-builder";
import { fixture } from "../../testing/plugin-fixture.ts";
import { schedulingGates } from "./plugin.ts";

test("gates hold a pod, each by its name", () => {
  const { plugin } = fixture(schedulingGates, {}, node("n1").build());
  const gated = pod("a")
    .spec({ schedulingGates: [{ name: "x" }, { name: "y" }] })
    .build();
  assert.deepEqual(plugin.preEnqueue?.(gated)?.reasons, ["waiting for scheduling gates: [x y]"]);
  assert.equal(plugin.preEnqueue?.(pod("a").build()), undefined);
});
