import assert from "node:assert/strict";
import { test } from "node:test";
import { node } from "@kubets/api/testing/node-builder";
import { pod } from "@kubets/api/testing/pod-builder";
import { decisionText } from "./decision-text.ts";
import { runScheduler } from "./testing/run.ts";

test("tells who refused which nodes, and what the others scored", async () => {
  const { cluster, scheduler, settle, stop } = await runScheduler();
  try {
    cluster.put(
      node("a").build(),
      node("b").build(),
      ...Array.from({ length: 7 }, (_, i) => node(`full-${i}`).taint("k", "NoSchedule").build()),
    );
    cluster.put(pod("p").build(), pod("huge").requests({ cpu: "999" }).build());
    await settle();
    const [huge, placed] = scheduler.decisions.report().map((report) => decisionText(report).split("\n"));
    assert.match(placed?.[0] ?? "", /^default\/p, \S+: placed on [ab]$/);
    assert.deepEqual(placed?.slice(1, 3), [
      "  9 of 9 nodes were looked at.",
      "  refused by TaintToleration: node(s) had untolerated taint(s) (full-0, full-1, full-2, full-3, full-4 and 2 more)",
    ]);
    assert.match(placed?.[3] ?? "", /^ {2}NODE {2}TOTAL {2}TaintToleration/);
    assert.deepEqual(
      placed?.slice(4).map((line) => line.trim().split(/ +/).slice(0, 2).join(" ")),
      ["a 397", "b 397"],
    );
    assert.match(huge?.[0] ?? "", /^default\/huge, \S+: 0\/9 nodes are available: 2 Insufficient cpu/);
    assert.ok(huge?.includes("  refused by NodeResourcesFit: Insufficient cpu (a, b)"));
  } finally {
    stop();
  }
});
