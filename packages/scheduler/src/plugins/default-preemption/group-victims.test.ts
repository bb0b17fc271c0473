import assert from "node:assert/strict";
import { test } from "node:test";
import type { PodGroup } from "@kubets/api/generated/types/scheduling-v1alpha2";
import { pod } from "@kubets/api/testing/pod-builder";
import { podInfo } from "../../framework/pod-info.ts";
import type { NodeInfo } from "../../framework/snapshot.ts";
import { podGroup } from "../../testing/gangs.ts";
import { unitsBelow } from "./group-victims.ts";

/** "name priority minute [group]" */
const standing = (text: string) => {
  const [name = "", priority, minute, group] = text.split(" ");
  const built = pod(name)
    .priority(Number(priority))
    .status({ startTime: `2026-01-01T00:0${minute}:00Z` });
  return podInfo((group ? built.spec({ schedulingGroup: { podGroupName: group } }) : built).build());
};
const onNode = (name: string, ...pods: readonly string[]) =>
  ({ name, pods: pods.map(standing) }) as unknown as NodeInfo;

test("the most important come first: by priority, groups before pods, larger groups first, then the oldest", () => {
  const groups: Record<string, PodGroup> = {};
  for (const [name, priority] of Object.entries({ large: 5, small: 5, high: 100, g: 9 }))
    groups[`default/${name}`] = podGroup(name, 1, { disruptionMode: "PodGroup", priority });
  groups["default/loose"] = podGroup("loose", 1, { disruptionMode: "Pod", priority: 100 });
  const units = unitsBelow(
    podGroup("g", 1, { priority: 9 }),
    [
      onNode("n1", "young 5 3", "own 0 0 g", "large-1 0 4 large", "top 8 1", "peer 9 0"),
      onNode(
        "n2",
        "old 5 1",
        "large-2 0 4 large",
        "small-1 0 0 small",
        "loose-1 5 2 loose",
        "high-1 0 0 high",
        "lost 5 1 nowhere",
      ),
    ],
    (key) => groups[key],
  );
  const told = units.map(({ pods, nodes }) => [pods.map(({ pod }) => pod.metadata.name).join(), [...nodes].join()]);
  assert.deepEqual(told, [
    ["top", "n1"],
    ["large-1,large-2", "n1,n2"],
    ["small-1", "n2"],
    ["lost", "n2"],
    ["loose-1", "n2"],
    ["old", "n2"],
    ["young", "n1"],
  ]);
});
