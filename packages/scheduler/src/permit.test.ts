import assert from "node:assert/strict";
import { test } from "node:test";
import { node } from "@kubets/api/testing/node-builder";
import { pod } from "@kubets/api/testing/pod-builder";
import { defaultConfig } from "./config/config.ts";
import type { Handle, Registry } from "./framework/handle.ts";
import type { Permission } from "./framework/plugin.ts";
import { runScheduler } from "./testing/run.ts";

/** A scheduler with one more plugin that permits as told, and what it heard. */
async function permitting(permission: Permission) {
  const heard: string[] = [];
  let handle: Handle | undefined;
  const registry: Registry = {
    Door: (lent) => {
      handle = lent;
      return {
        name: "Door",
        reserve: ({ metadata }, on) => void heard.push(`reserve ${metadata.name} ${on}`),
        unreserve: ({ metadata }, on) => void heard.push(`unreserve ${metadata.name} ${on}`),
        permit: () => permission,
      };
    },
  };
  const plugins = { multiPoint: { enabled: [{ name: "Door" }], disabled: [] } };
  const config = { ...defaultConfig, profiles: [{ schedulerName: "default-scheduler", plugins, pluginConfig: {} }] };
  const run = await runScheduler({ registry, config });
  run.cluster.put(node("n1").build(), pod("a").build());
  await run.settle();
  return { ...run, heard, handle: handle as Handle };
}

test("a pod that waits at permit is bound when it is allowed", async () => {
  const { cluster, settle, handle, heard, stop } = await permitting({ waitMs: 10_000 });
  try {
    assert.deepEqual([cluster.placements(), heard], [["a -> ?"], ["reserve a n1"]]);
    // Others are told where it is about to go.
    assert.equal(cluster.pod("a").status.nominatedNodeName, "n1");
    handle.allowWaiting("uid-a", "Door");
    await settle();
    assert.deepEqual(cluster.placements(), ["a -> n1"]);
  } finally {
    stop();
  }
});

test("when nobody allows it in time its place is free again", async () => {
  const { cluster, settle, clock, heard, stop, scheduler } = await permitting({ waitMs: 10_000 });
  try {
    assert.equal(scheduler.cluster.node("n1")?.pods.length, 1);
    await clock.advance(10_000);
    await settle();
    assert.deepEqual(heard.slice(0, 2), ["reserve a n1", "unreserve a n1"]);
    assert.match(cluster.events[0] ?? "", /1 rejected due to timeout after waiting 10s at plugin Door/);
  } finally {
    stop();
  }
});

test("a refusal at permit is told as one of the node", async () => {
  const { cluster, heard, stop, scheduler } = await permitting({ refusal: { reasons: ["closed"] } });
  try {
    assert.deepEqual(heard, ["reserve a n1", "unreserve a n1"]);
    assert.deepEqual(cluster.events, ["a: Warning FailedScheduling: 0/1 nodes are available: 1 closed."]);
    assert.equal(scheduler.cluster.node("n1")?.pods.length, 0);
    assert.equal(scheduler.queue.counts.unschedulable, 1);
  } finally {
    stop();
  }
});
