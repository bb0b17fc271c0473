import assert from "node:assert/strict";
import { test } from "node:test";
import { node } from "@kubets/api/testing/node-builder";
import { pod } from "@kubets/api/testing/pod-builder";
import { service } from "@kubets/api/testing/service-builder";
import { fixture } from "../../testing/plugin-fixture.ts";
import { podTopologySpread } from "./plugin.ts";

const ZONE = "topology.kubernetes.io/zone";
const UNEVEN = "node(s) didn't match pod topology spread constraints";
const nodes = ["a", "a", "b"].map((zone, i) =>
  node(`n${i + 1}`)
    .labels({ [ZONE]: zone })
    .build(),
);
const running = (...on: string[]) => on.map((name, i) => pod(`x${i}`).on(name).labels({ app: "web" }).build());
const constraint = {
  maxSkew: 1,
  topologyKey: ZONE,
  whenUnsatisfiable: "DoNotSchedule",
  labelSelector: { matchLabels: { app: "web" } },
};
const spread = (more: object = {}) =>
  pod("a")
    .labels({ app: "web" })
    .spec({ topologySpreadConstraints: [{ ...constraint, ...more }] });

test("no domain gets ahead by more than the skew", () => {
  const cases: [string[], object, Record<string, string>][] = [
    [[], {}, { n1: "", n2: "", n3: "" }],
    [["n1"], {}, { n1: UNEVEN, n2: UNEVEN, n3: "" }],
    [["n1", "n3"], {}, { n1: "", n2: "", n3: "" }],
    [["n1"], { maxSkew: 2 }, { n1: "", n2: "", n3: "" }],
    [["n1", "n3"], { minDomains: 3 }, { n1: UNEVEN, n2: UNEVEN, n3: UNEVEN }],
  ];
  for (const [on, more, want] of cases) {
    const { refusals } = fixture(podTopologySpread, {}, ...nodes, ...running(...on));
    assert.deepEqual(refusals(spread(more).build()), want, JSON.stringify([on, more]));
  }
});

test("a node without the label takes none", () => {
  const { refusals } = fixture(podTopologySpread, {}, ...nodes, node("n4").build());
  assert.equal(refusals(spread().build()).n4, `${UNEVEN} (missing required label)!`);
});

test("nodes that the pod may not go to make no domain, unless it says so", () => {
  const { refusals } = fixture(podTopologySpread, {}, ...nodes, ...running("n1"));
  const choosy = (more: object) =>
    spread(more)
      .nodeSelector({ [ZONE]: "a" })
      .build();
  assert.equal(refusals(choosy({})).n1, "");
  assert.equal(refusals(choosy({ nodeAffinityPolicy: "Ignore" })).n1, UNEVEN);
});

test("pods of a service are spread by default", () => {
  const { scores } = fixture(
    podTopologySpread,
    {},
    ...nodes,
    ...running("n1"),
    service("s").selector({ app: "web" }).build(),
  );
  assert.deepEqual(scores(pod("a").labels({ app: "web" }).build()), { n1: 66, n2: 88, n3: 100 });
  assert.deepEqual(scores(pod("a").labels({ app: "other" }).build()), {});
});
