import assert from "node:assert/strict";
import { test } from "node:test";
import { node } from "@kubets/api/testing/node-builder";
import { pod } from "@kubets/api/testing/pod-builder";
import { fixture } from "../../testing/plugin-fixture.ts";
import { nodeAffinity } from "./plugin.ts";

const NO_MATCH = "node(s) didn't match Pod's node affinity/selector!";
const ssd = { key: "disk", operator: "In", values: ["ssd"] };
const required = (...nodeSelectorTerms: object[]) =>
  pod("a")
    .spec({ affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } } })
    .build();
const nodes = [node("n1").labels({ disk: "ssd" }).build(), node("n2").labels({ disk: "hdd", cores: "8" }).build()];

test("selector and required terms", () => {
  const { refusals } = fixture(nodeAffinity, {}, ...nodes);
  assert.deepEqual(refusals(pod("a").nodeSelector({ disk: "ssd" }).build()), { n1: "", n2: NO_MATCH });
  assert.deepEqual(refusals(required({ matchExpressions: [{ ...ssd, operator: "NotIn" }] })), { n1: NO_MATCH, n2: "" });
  assert.deepEqual(refusals(required({ matchExpressions: [{ key: "cores", operator: "Gt", values: ["4"] }] })), {
    n1: NO_MATCH,
    n2: "",
  });
  assert.deepEqual(refusals(required({})), { n1: NO_MATCH, n2: NO_MATCH });
});

test("terms that name nodes narrow the search", () => {
  const { refusals } = fixture(nodeAffinity, {}, ...nodes);
  const named = (...values: string[]) => ({ matchFields: [{ key: "metadata.name", operator: "In", values }] });
  assert.deepEqual(refusals(required(named("n2"))), { n2: "" });
  assert.deepEqual(refusals(required({ ...named("n2"), matchExpressions: [ssd] })), { n2: NO_MATCH });
  assert.deepEqual(refusals(required(named("n2"), { matchExpressions: [ssd] })), { n1: "", n2: "" });
});

test("added affinity is the scheduler's own demand", () => {
  const addedAffinity = {
    requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [ssd] }] },
  };
  const { refusals } = fixture(nodeAffinity, { addedAffinity }, ...nodes);
  assert.deepEqual(refusals(pod("a").build()), {
    n1: "",
    n2: "node(s) didn't match scheduler-enforced node affinity!",
  });
});

test("preferred terms add up by weight", () => {
  const { scores } = fixture(nodeAffinity, {}, ...nodes, node("n3").build());
  const preferred = (weight: number, expression: object) => ({
    weight,
    preference: { matchExpressions: [expression as typeof ssd] },
  });
  const terms = [preferred(1, ssd), preferred(4, { key: "disk", operator: "Exists" })];
  const wishing = pod("a")
    .spec({ affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: terms } } })
    .build();
  assert.deepEqual(scores(wishing), { n1: 100, n2: 80, n3: 0 });
  assert.deepEqual(scores(pod("b").build()), {});
});
