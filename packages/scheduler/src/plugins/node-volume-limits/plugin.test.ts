import assert from "node:assert/strict";
import { test } from "node:test";
import { node } from "@kubets/api/testing/node-builder";
import { pod } from "@kubets/api/testing/pod-builder";
import { fixture } from "../../testing/plugin-fixture.ts";
import { claim, csiDriver, csiNode, storageClass, using, volume } from "../../testing/volumes.ts";
import { nodeVolumeLimits } from "./plugin.ts";

test("a node takes no more volumes of a driver than it can", () => {
  const volumes = ["a", "b"].flatMap((name) => [claim(name, { volume: name }), volume(name, { driver: "d" })]);
  const there = pod("x").on("n1").spec(using("a")).build();
  const { refusals } = fixture(
    nodeVolumeLimits,
    {},
    node("n1").build(),
    node("n2").build(),
    csiNode("n1", "d", 1),
    ...volumes,
    there,
  );
  const full = "node(s) exceed max volume count";
  assert.deepEqual(refusals(pod("y").spec(using("b")).build()), { n1: full, n2: "" });
  assert.deepEqual(refusals(pod("y").spec(using("a")).build()), { n1: "", n2: "" });
});

test("what has to be on a node first is not put where it is not", () => {
  const objects = [
    node("n1").build(),
    node("n2").build(),
    csiNode("n1", "d", 5),
    claim("a", { volume: "a" }),
    volume("a", { driver: "d" }),
    claim("late", { storageClass: "late" }),
    storageClass("late", "WaitForFirstConsumer", "d"),
  ];
  const refused = (claimed: string, prevent: boolean, gate: boolean) =>
    fixture(
      nodeVolumeLimits,
      { featureGates: { VolumeLimitScaling: gate } },
      ...objects,
      csiDriver("d", { preventPodSchedulingIfMissing: prevent }),
    ).refusals(pod("y").spec(using(claimed)).build());
  const missing = { n1: "", n2: "d CSI driver is not installed on the node" };
  const nothing = { n1: "", n2: "" };
  assert.deepEqual(refused("a", true, true), missing);
  assert.deepEqual(refused("late", true, true), missing);
  assert.deepEqual(refused("a", false, true), nothing);
  assert.deepEqual(refused("a", true, false), nothing);
});
