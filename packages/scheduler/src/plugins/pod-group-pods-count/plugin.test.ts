import assert from "node:assert/strict";
import { test } from "node:test";
import { pod } from "@kubets/api/testing/pod-builder";
import { CycleState } from "../../framework/cycle-state.ts";
import type { PlacedPod } from "../../framework/group-placement.ts";
import { podInfo } from "../../framework/pod-info.ts";
import { podGroup } from "../../testing/gangs.ts";
import { fixture } from "../../testing/plugin-fixture.ts";
import { podGroupPodsCount } from "./plugin.ts";

const placed: PlacedPod = { info: podInfo(pod("b").build()), node: "n1", state: new CycleState(), isLocal: true };

test("a placement is as good as the part of the group that it takes, with those that stand already", () => {
  const standing = pod("a")
    .on("n1")
    .spec({ schedulingGroup: { podGroupName: "g" } })
    .build();
  const { plugin } = fixture(podGroupPodsCount, {}, standing);
  const scores = [0, 1, 3].map(
    (count) =>
      plugin.placementScore?.(podGroup("g"), { placement: [], pods: Array.from({ length: count }, () => placed) }) ??
      NaN,
  );
  assert.deepEqual(scores, [1, 2, 4]);
  plugin.normalizePlacements?.(scores);
  assert.deepEqual(scores, [25, 50, 100]);
});
