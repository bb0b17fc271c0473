import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "@kubets/api/meta";
import { node } from "@kubets/api/testing/node-builder";
import { pod } from "@kubets/api/testing/pod-builder";
import { podGroup } from "../../testing/gangs.ts";
import { fixture } from "../../testing/plugin-fixture.ts";
import { topologyPlacementGenerator } from "./plugin.ts";

const member = (name: string, podGroupName = "g") => pod(name).spec({ schedulingGroup: { podGroupName } });
const inZone = (name: string, zone: string) => node(name).labels({ zone }).build();
const ZONES = [inZone("a1", "a"), inZone("b1", "b"), inZone("a2", "a"), node("bare").build()];
const byZone = podGroup("g", 1, { schedulingConstraints: { topology: [{ key: "zone" }] } });

const placements = (group: typeof byZone, ...more: readonly KubeObject[]) => {
  const { plugin, state } = fixture(topologyPlacementGenerator, {}, group, ...ZONES, ...more);
  return plugin.placementGenerate?.(group, state.nodes).map((nodes) => nodes.map(({ name }) => name).join());
};

test("each value of the label makes a placement, unless some of the group stand already", () => {
  assert.deepEqual(placements(byZone)?.toSorted(), ["a1,a2", "b1"]);
  assert.deepEqual(placements(podGroup("g", 1)), [ZONES.map(({ metadata }) => metadata.name).join()]);
  assert.deepEqual(placements(byZone, member("x").on("b1").build(), member("y", "other").on("a1").build()), ["b1"]);
  assert.throws(
    () => placements(byZone, member("x").on("b1").build(), member("y").on("a1").build()),
    /cannot determine domain for already scheduled pods: more than 1 domain found for pod group: b, a/,
  );
  assert.throws(
    () => placements(byZone, member("x").on("bare").build()),
    /no topology domain found for a pod on node bare/,
  );
});

test("a node that comes into a domain is worth a try, and so is the end of a pod of the group", () => {
  const { plugin } = fixture(topologyPlacementGenerator, {}, byZone, podGroup("anywhere", 1));
  const [nodes, gone] = plugin.hints ?? [];
  const [bare, labelled] = [node("n").build(), inZone("n", "a")];
  for (const [name, old, now, hint] of [
    ["g", undefined, labelled, "queue"],
    ["g", undefined, bare, "skip"],
    ["g", bare, labelled, "queue"],
    ["g", inZone("n", "b"), labelled, "queue"],
    ["g", labelled, labelled, "skip"],
    ["g", labelled, bare, "skip"],
    ["anywhere", bare, labelled, "skip"],
  ] as const)
    assert.equal(nodes?.hint?.(member("x", name).build(), old, now), hint);
  assert.equal(gone?.hint?.(member("x").build(), member("y").build(), undefined), "queue");
  assert.equal(gone?.hint?.(member("x").build(), member("y", "other").build(), undefined), "skip");
  assert.equal(gone?.hint?.(member("x", "anywhere").build(), member("y", "anywhere").build(), undefined), "skip");
});
