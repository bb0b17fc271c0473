import assert from "node:assert/strict";
import { test } from "node:test";
import { node } from "@kubets/api/testing/node-builder";
import { pod } from "@kubets/api/testing/pod-builder";
import { fixture } from "../../testing/plugin-fixture.ts";
import { nodeResourcesBalancedAllocation } from "./plugin.ts";

test("even use is best", () => {
  const { scores } = fixture(
    nodeResourcesBalancedAllocation,
    {},
    node("n1").capacity({ cpu: "4", memory: "4Gi" }).build(),
    node("n2").capacity({ cpu: "4", memory: "8Gi" }).build(),
    pod("x").on("n2").requests({ cpu: "2" }).build(),
  );
  assert.deepEqual(scores(pod("a").requests({ cpu: "1", memory: "1Gi" }).build()), { n1: 100, n2: 68 });
  assert.deepEqual(scores(pod("a").build()), {});
});
