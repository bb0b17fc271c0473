import assert from "node:assert/strict";
import { test } from "node:test";
import { parseKubeletConfig } from "../config.ts";
import { simulatedMachine } from "../testing/simulated-node.ts";
import { allocatableOf, capacityOf, type NodeSettings, nodeStatus, settingsOf } from "./node-object.ts";

test("how many pods, images and how much disk a node tells of is its configuration's to say", () => {
  const wish = (lines: string) => {
    const head = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n";
    return settingsOf(parseKubeletConfig(head + lines), { name: "n", addresses: [], withheld: {} });
  };
  const capacity = (lines: string) => capacityOf(wish(lines), simulatedMachine);
  assert.equal(capacity("").pods, "110");
  assert.equal(capacity("podsPerCore: 10").pods, "40");
  assert.equal(capacity("podsPerCore: 100").pods, "110");
  assert.ok("ephemeral-storage" in capacity(""));
  assert.ok(!("ephemeral-storage" in capacity("localStorageCapacityIsolation: false")));
  const images = [1, 2, 3].map((size) => ({ id: `${size}`, tags: [`i:${size}`], digests: [], size, pinned: false }));
  const facts = { now: 0, machine: simulatedMachine, runtimeVersion: "", handlers: [], images, problems: [] };
  const shown = (lines: string) => nodeStatus(wish(lines), facts, undefined).images?.map(({ names }) => names?.[0]);
  assert.deepEqual(shown("nodeStatusMaxImages: 2"), ["i:3", "i:2"]);
  assert.deepEqual(shown("nodeStatusMaxImages: -1"), ["i:3", "i:2", "i:1"]);
});

test("what is set aside for huge pages is not to be had as memory", () => {
  const machine = { ...simulatedMachine, hugePages: { "hugepages-2Mi": 2 ** 30 } };
  const capacity = capacityOf({ maxPods: 110 } as NodeSettings, machine);
  assert.deepEqual([capacity.memory, capacity["hugepages-2Mi"], capacity["hugepages-1Gi"]], ["16Gi", "1Gi", "0"]);
  const allocatable = allocatableOf(capacity, { memory: "1Gi" });
  assert.deepEqual([allocatable.memory, allocatable["hugepages-2Mi"]], ["14Gi", "1Gi"]);
});
