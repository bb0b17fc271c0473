/** What the published tests take for granted: enough nodes that take any pod. */
import assert from "node:assert/strict";
import { nodes } from "@kubets/api/generated/refs";
import { behaviour } from "../behaviour.ts";

behaviour(
  "[sig-architecture] Conformance Tests should have at least two untainted nodes [Conformance]",
  { on: "simulated", nodes: 2, alone: true },
  async (t) => {
    const { items } = await t.client.list(nodes);
    const open = items.filter(
      ({ spec, status }) =>
        !spec.unschedulable &&
        !spec.taints?.length &&
        status.conditions?.some((each) => each.type === "Ready" && each.status === "True"),
    );
    assert.ok(
      open.length >= 2,
      `only ${open.map(({ metadata }) => metadata.name).join(", ") || "none"} is untainted and ready`,
    );
  },
);
