import assert from "node:assert/strict";
import { test } from "node:test";
import { node } from "@kubets/api/testing/node-builder";
import { pod } from "@kubets/api/testing/pod-builder";
import { fixture } from "../../testing/plugin-fixture.ts";
import { claim, using } from "../../testing/volumes.ts";
import { volumeRestrictions } from "./plugin.ts";

test("a claim for one pod alone is used by one", () => {
  const objects = [node("n1").build(), claim("c", { modes: ["ReadWriteOncePod"] }), claim("d")];
  const users = pod("x").on("n1").spec(using("c", "d")).build();
  const { refusals } = fixture(volumeRestrictions, {}, ...objects, users);
  const inUse = "node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode";
  assert.deepEqual(refusals(pod("a").spec(using("c")).build()), { n1: inUse });
  assert.deepEqual(refusals(pod("a").spec(using("d")).build()), { n1: "" });
});
