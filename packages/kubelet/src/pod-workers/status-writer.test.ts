import assert from "node:assert/strict";
import { test } from "node:test";
import { statusPatch } from "./status-writer.ts";

test("only what changed is written, and what is gone is taken away", () => {
  const before = {
    phase: "Pending",
    podIPs: [{ ip: "10.0.0.1" }],
    reason: "X",
    conditions: [
      { type: "Ready", status: "False", reason: "ContainersNotReady", message: "m" },
      { type: "PodScheduled", status: "True" },
    ],
  };
  const after = {
    phase: "Pending",
    podIPs: [{ ip: "10.0.0.2" }],
    conditions: [
      { type: "Ready", status: "True" },
      { type: "PodScheduled", status: "True" },
    ],
  };
  assert.deepEqual(statusPatch(before, after), {
    conditions: [{ type: "Ready", status: "True", reason: null, message: null }],
    podIPs: [{ $patch: "replace" }, { ip: "10.0.0.2" }],
    reason: null,
  });
  assert.deepEqual(statusPatch(after, after), {});
});
