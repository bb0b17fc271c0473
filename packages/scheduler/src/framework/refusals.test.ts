import assert from "node:assert/strict";
import { test } from "node:test";
import { type Refusal, refusalMessage } from "./refusals.ts";

const byNode = (...refusals: readonly (readonly string[])[]): Map<string, Refusal> =>
  new Map(refusals.map((reasons, i) => [`n${i}`, { reasons }]));

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
