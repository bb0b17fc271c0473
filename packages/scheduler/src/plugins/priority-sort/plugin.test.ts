import assert from "node:assert/strict";
import { test } from "node:test";
import { node } from "@kubets/api/testing/node-builder";
import { pod } from "@kubets/api/testing/pod-builder";
import type { QueuedPod } from "../../framework/plugin.ts";
import { podInfo } from "../../framework/pod-info.ts";
import { fixture } from "../../testing/plugin-fixture.ts";
import { prioritySort } from "./plugin.ts";

test("by priority, then by time", () => {
  const { plugin } = fixture(prioritySort, {}, node("n1").build());
  const queued = (priority: number, at: number) =>
    ({ info: podInfo(pod("a").priority(priority).build()), queued: at }) as QueuedPod;
  assert.ok((plugin.queueSort?.(queued(2, 9), queued(1, 1)) ?? 0) < 0);
  assert.ok((plugin.queueSort?.(queued(1, 1), queued(1, 2)) ?? 0) < 0);
  assert.equal(plugin.queueSort?.(queued(1, 1), queued(1, 1)), 0);
});
