import assert from "node:assert/strict";
import { test } from "node:test";
import { node } from "@kubets/api/testing/node-builder";
import { pod } from "@kubets/api/testing/pod-builder";
import { runScheduler } from "../../testing/run.ts";

test("a pod is bound through the API, and one that another has bound is left to it", async () => {
  const { cluster, settle, stop } = await runScheduler();
  cluster.put(node("n1").build(), node("n2").unschedulable().build());
  cluster.lagging = true;
  cluster.put(pod("a").build(), pod("b").build());
  cluster.deliver();
  cluster.put(pod("b").on("n2").build());
  await settle();
  cluster.deliver();
  await settle();
  assert.deepEqual(cluster.placements(), ["a -> n1", "b -> n2"]);
  assert.match(
    cluster.events.join("\n"),
    /b: Warning FailedScheduling: binding rejected: running Bind plugin "DefaultBinder": .*already assigned to node "n2"/,
  );
  stop();
});
