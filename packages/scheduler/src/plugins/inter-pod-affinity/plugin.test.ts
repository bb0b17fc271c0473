import assert from "node:assert/strict";
import { test } from "node:test";
import { node } from "@kubets/api/testing/node-builder";
import { pod } from "@kubets/api/testing/pod-builder";
import { fixture } from "../../testing/plugin-fixture.ts";
import { interPodAffinity } from "./plugin.ts";

const ZONE = "topology.kubernetes.io/zone";
const nodes = ["a", "a", "b"].map((zone, i) =>
  node(`n${i + 1}`)
    .labels({ [ZONE]: zone })
    .build(),
);
const term = (app: string, topologyKey = ZONE) => ({ labelSelector: { matchLabels: { app } }, topologyKey });
const near = (...terms: object[]) => ({
  podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms as never[] },
});
const away = (...terms: object[]) => ({
  podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms as never[] },
});
const web = pod("x").on("n1").labels({ app: "web" });

test("required terms of the pod", () => {
  const { refusals } = fixture(interPodAffinity, {}, ...nodes, node("n4").build(), web.build());
  const [near_, away_] = ["node(s) didn't match pod affinity rules!", "node(s) didn't match pod anti-affinity rules"];
  assert.deepEqual(
    refusals(
      pod("a")
        .spec({ affinity: near(term("web")) })
        .build(),
    ),
    { n1: "", n2: "", n3: near_, n4: near_ },
  );
  assert.deepEqual(
    refusals(
      pod("a")
        .spec({ affinity: away(term("web")) })
        .build(),
    ),
    { n1: away_, n2: away_, n3: "", n4: "" },
  );
  assert.deepEqual(
    refusals(
      pod("a")
        .spec({ affinity: near(term("db")) })
        .build(),
    ),
    { n1: near_, n2: near_, n3: near_, n4: near_ },
  );
});

test("the first of those that want to be together may go anywhere", () => {
  const { refusals } = fixture(interPodAffinity, {}, ...nodes, web.build());
  const first = pod("a")
    .labels({ app: "db" })
    .spec({ affinity: near(term("db")) })
    .build();
  assert.deepEqual(refusals(first), { n1: "", n2: "", n3: "" });
});

test("pods that run keep others away, in their own namespace", () => {
  const shy = web.spec({ affinity: away(term("new", "kubernetes.io/hostname")) }).build();
  const { refusals } = fixture(interPodAffinity, {}, ...nodes, shy);
  const kept = "node(s) didn't satisfy existing pods anti-affinity rules";
  assert.deepEqual(refusals(pod("a").labels({ app: "new" }).build()), { n1: kept, n2: "", n3: "" });
  assert.deepEqual(refusals(pod("a", "other").labels({ app: "new" }).build()), { n1: "", n2: "", n3: "" });
});

test("preferred terms score domains, for and against", () => {
  const { scores } = fixture(interPodAffinity, {}, ...nodes, pod("x").on("n1").labels({ app: "web" }).build());
  const preferred = [{ weight: 5, podAffinityTerm: term("web") }];
  const likes = pod("a")
    .spec({ affinity: { podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: preferred } } })
    .build();
  const dislikes = pod("a")
    .spec({ affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: preferred } } })
    .build();
  assert.deepEqual(scores(likes), { n1: 100, n2: 100, n3: 0 });
  assert.deepEqual(scores(dislikes), { n1: 0, n2: 0, n3: 100 });
});
