import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "@kubets/api/meta";
import { pod } from "@kubets/api/testing/pod-builder";
import { podGroup } from "../../testing/gangs.ts";
import { fixture } from "../../testing/plugin-fixture.ts";
import { gangScheduling } from "./plugin.ts";

const member = (name: string, podGroupName = "g") => pod(name).spec({ schedulingGroup: { podGroupName } });

test("a pod is held until its group and as many pods as the gang needs are there", () => {
  const held = (...objects: readonly KubeObject[]) => {
    const { plugin } = fixture(gangScheduling, {}, member("a").build(), ...objects);
    return plugin.preEnqueue?.(member("a").build())?.reasons;
  };
  assert.deepEqual(held(), ['waiting for pods\'s pod group "g" to appear in scheduling queue']);
  const tooFew = ["waiting for minCount pods from a gang to appear in scheduling queue"];
  assert.deepEqual(held(podGroup("g", 2), member("x", "other").build(), pod("y").build()), tooFew);
  assert.equal(held(podGroup("g", 2), member("b").build()), undefined);
  assert.equal(held(podGroup("g")), undefined, "no gang");
  assert.equal(fixture(gangScheduling, {}).plugin.preEnqueue?.(pod("a").build()), undefined, "no group");
});

test("one that has a place waits until enough have", () => {
  const { plugin } = fixture(gangScheduling, {}, podGroup("g", 2), member("a").on("n1").build(), member("b").build());
  const permit = (name: string) => plugin.permit?.(member(name).build(), "n1", undefined as never);
  assert.deepEqual(permit("a"), {
    waitMs: 300_000,
    reason: "waiting for minCount pods from a gang to be scheduled",
  });
  const both = fixture(
    gangScheduling,
    {},
    podGroup("g", 2),
    member("a").on("n1").build(),
    member("b").on("n1").build(),
  );
  assert.equal(both.plugin.permit?.(member("b").build(), "n1", undefined as never), "allow");
  assert.throws(() => plugin.permit?.(member("a", "gone").build(), "n1", undefined as never), /failed to get podGroup/);
});

test("it hears of pods of the group, and of the group", () => {
  const { plugin } = fixture(gangScheduling, {});
  const says = (event: string, now: unknown) =>
    plugin.hints
      ?.filter(({ events }) => events.some((each) => each === event))
      .map(({ hint }) => hint?.(member("a").build(), undefined, now));
  assert.deepEqual(says("pod/unbound-add", member("b").build()), ["queue"]);
  assert.deepEqual(says("pod/bound-add", member("b", "other").build()), ["skip"]);
  assert.deepEqual(says("podgroup/add", podGroup("g", 2)), ["queue"]);
  assert.deepEqual(says("podgroup/add", podGroup("other", 2)), ["skip"]);
});
