import assert from "node:assert/strict";
import { test } from "node:test";
import type { Node } from "@kubets/api/generated/types/core-v1";
import { nodeBrief } from "./node-state.ts";

const node = (conditions: object[], spec: object = {}) =>
  nodeBrief({
    metadata: { name: "n" },
    spec,
    status: { conditions, allocatable: { cpu: "1500m", memory: "1Gi", pods: "110" } },
  } as unknown as Node);
const condition = (type: string, status: string, message?: string) => ({ type, status, message });

test("a node that is well has no trouble", () => {
  const found = node([condition("Ready", "True"), condition("DiskPressure", "False", "none")]);
  assert.deepEqual(found, {
    metadata: { name: "n" },
    isReady: true,
    trouble: [],
    cpu: 1.5,
    memory: 2 ** 30,
    pods: 110,
  });
});

test("what a node suffers from is told", () => {
  const pressed = node([condition("Ready", "True"), condition("DiskPressure", "True", "full")], {
    unschedulable: true,
  });
  assert.deepEqual([pressed.isReady, pressed.trouble], [true, ["DiskPressure: full", "takes no new pods"]]);
  const lost = node([condition("Ready", "Unknown", "not heard of")]);
  assert.deepEqual([lost.isReady, lost.trouble], [false, ["not ready: not heard of"]]);
  assert.deepEqual(node([]).trouble, ["not ready"]);
});
