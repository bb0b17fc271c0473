import assert from "node:assert/strict";
import { test } from "node:test";
import { node } from "@kubets/api/testing/node-builder";
import { interleaveZones } from "./node-order.ts";
import { numFeasibleNodesToFind } from "./sampling.ts";

test("how many nodes are looked for", () => {
  const cases: [nodes: number, percentage: number, wanted: number][] = [
    [10, 0, 10],
    [99, 30, 99],
    [100, 0, 100],
    [400, 0, 188],
    [1000, 0, 420],
    [5000, 0, 500],
    [6000, 0, 300],
    [15_000, 0, 750],
    [1000, 40, 400],
    [1000, 5, 100],
    [1000, 100, 1000],
  ];
  for (const [nodes, percentage, wanted] of cases)
    assert.equal(numFeasibleNodesToFind(nodes, percentage), wanted, `${nodes} nodes, ${percentage} %`);
});

test("zones take turns", () => {
  const zoned = (name: string, zone?: string) => ({
    node: node(name)
      .labels(zone ? { "topology.kubernetes.io/zone": zone } : {})
      .build(),
  });
  const nodes = [zoned("a1", "a"), zoned("a2", "a"), zoned("a3", "a"), zoned("b1", "b"), zoned("x")];
  assert.deepEqual(
    interleaveZones(nodes).map((info) => info.node.metadata.name),
    ["a1", "b1", "x", "a2", "a3"],
  );
});
