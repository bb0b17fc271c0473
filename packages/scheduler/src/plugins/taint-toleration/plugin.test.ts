import assert from "node:assert/strict";
import { test } from "node:test";
import { node } from "@kubets/api/testing/node-builder";
import { pod } from "@kubets/api/testing/pod-builder";
import { fixture } from "../../testing/plugin-fixture.ts";
import { taintToleration } from "./plugin.ts";

const TAINTED = "node(s) had untolerated taint(s)!";
const nodes = [
  node("n1").build(),
  node("n2").taint("k", "NoSchedule", "v").build(),
  node("n3").taint("k", "NoExecute", "v").build(),
  node("n4").taint("k", "PreferNoSchedule", "v").taint("other", "PreferNoSchedule").build(),
];

test("taints that are not tolerated refuse", () => {
  const { refusals } = fixture(taintToleration, {}, ...nodes);
  assert.deepEqual(refusals(pod("a").build()), { n1: "", n2: TAINTED, n3: TAINTED, n4: "" });
  const one = pod("a").tolerates({ key: "k", operator: "Equal", value: "v", effect: "NoSchedule" }).build();
  assert.deepEqual(refusals(one), { n1: "", n2: "", n3: TAINTED, n4: "" });
  assert.deepEqual(refusals(pod("a").tolerates({ operator: "Exists" }).build()), { n1: "", n2: "", n3: "", n4: "" });
});

test("taints that advise against a node make it worse", () => {
  const { scores } = fixture(taintToleration, {}, ...nodes, node("n5").taint("k", "PreferNoSchedule", "v").build());
  assert.deepEqual(scores(pod("a").build()), { n1: 100, n2: 100, n3: 100, n4: 0, n5: 50 });
  assert.deepEqual(scores(pod("a").tolerates({ key: "k", operator: "Exists" }).build()), {
    n1: 100,
    n2: 100,
    n3: 100,
    n4: 0,
    n5: 100,
  });
});
