import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { pod } from "@kubets/api/testing/pod-builder";
import { firstToGo } from "./deletion-order.ts";

const NOW = Date.UTC(2026, 0, 2);
const COST = "controller.kubernetes.io/pod-deletion-cost";
const order = (...pods: (Pod | { pod: Pod; rank: number })[]) =>
  firstToGo(
    pods.map((each) => ("pod" in each ? each : { pod: each, rank: 0 })),
    pods.length - 1,
    NOW,
  ).map(({ metadata }) => metadata.name);

test("pods go in the order in which they are missed least", () => {
  const cases: [string, Pod | { pod: Pod; rank: number }, Pod | { pod: Pod; rank: number }][] = [
    ["without a node", pod("a").build(), pod("b").on("n").build()],
    ["pending", pod("a").on("n").build(), pod("b").on("n").phase("Running").build()],
    ["not ready", pod("a").on("n").phase("Running").build(), pod("b").on("n").ready().build()],
    [
      "of lower cost",
      pod("a")
        .on("n")
        .ready()
        .annotations({ [COST]: "-5" })
        .build(),
      pod("b").on("n").ready().build(),
    ],
    [
      "on a crowded node",
      { pod: pod("a").on("n").ready().build(), rank: 2 },
      { pod: pod("b").on("m").ready().build(), rank: 1 },
    ],
    [
      "ready for a shorter time",
      pod("a").on("n").ready("2026-01-01T23:59:00Z").build(),
      pod("b").on("n").ready("2026-01-01T00:00:00Z").build(),
    ],
    [
      "younger",
      pod("a").on("n").ready().created("2026-01-01T23:59:00Z").build(),
      pod("b").on("n").ready().created("2026-01-01T00:00:00Z").build(),
    ],
  ];
  for (const [why, first, second] of cases) {
    assert.deepEqual(order(second, first), ["a"], why);
    assert.deepEqual(order(first, second), ["a"], why);
  }
});

test("a cost that is no number counts as none", () => {
  const odd = pod("a")
    .on("n")
    .ready()
    .annotations({ [COST]: "+1x" })
    .build();
  assert.deepEqual(
    order(
      odd,
      pod("b")
        .on("n")
        .ready()
        .annotations({ [COST]: "-1" })
        .build(),
    ),
    ["b"],
  );
});
