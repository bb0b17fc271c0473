import assert from "node:assert/strict";
import { test } from "node:test";
import { simulatedMachine } from "../testing/simulated-node.ts";
import { allocatableOf, capacityOf, type NodeSettings } from "./node-object.ts";

test("what is set aside for huge pages is not to be had as memory", () => {
  const machine = { ...simulatedMachine, hugePages: { "hugepages-2Mi": 2 ** 30 } };
  const capacity = capacityOf({ maxPods: 110 } as NodeSettings, machine);
  assert.deepEqual([capacity.memory, capacity["hugepages-2Mi"], capacity["hugepages-1Gi"]], ["16Gi", "1Gi", "0"]);
  const allocatable = allocatableOf(capacity, { memory: "1Gi" });
  assert.deepEqual([allocatable.memory, allocatable["hugepages-2Mi"]], ["14Gi", "1Gi"]);
});
