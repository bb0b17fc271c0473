import assert from "node:assert/strict";
import { test } from "node:test";
import { NodeRefusals, refusalMessage } from "./refusals.ts";

function byNode(...all: readonly (readonly string[])[]): NodeRefusals {
  const refusals = new NodeRefusals();
  for (const [i, reasons] of all.entries()) refusals.add({ name: `n${i}` }, { reasons });
  return refusals;
}

test("reasons are counted, in the order of their texts", () => {
  const cases: [Parameters<typeof refusalMessage>[0], string][] = [
    [
      {
        nodes: 3,
        byNode: byNode(["Too many pods"], ["Insufficient cpu", "Insufficient memory"], ["Too many pods"]),
        others: undefined,
        outright: false,
      },
      "0/3 nodes are available: 1 Insufficient cpu, 1 Insufficient memory, 2 Too many pods.",
    ],
    [
      {
        nodes: 12,
        byNode: byNode(...Array<string[]>(10).fill(["b"]), ["a"], ["a"]),
        others: undefined,
        outright: false,
      },
      "0/12 nodes are available: 10 b, 2 a.",
    ],
    [
      { nodes: 3, byNode: byNode(["x"]), others: { reasons: ["left out"] }, outright: false },
      "0/3 nodes are available: 1 x, 2 left out.",
    ],
    [
      { nodes: 3, byNode: byNode(), others: { reasons: ["no claim"] }, outright: true },
      "0/3 nodes are available: no claim.",
    ],
  ];
  for (const [refusals, message] of cases) assert.equal(refusalMessage(refusals), message);
});
