import assert from "node:assert/strict";
import { test } from "node:test";
import type { VolumeAttachment } from "@kubets/api/generated/types/storage-v1";
import { type NodeState, planNode } from "./plan.ts";

const needed = (volume: string, shared = false) => ({ volume, driver: "d", uniqueName: `u-${volume}`, shared });
const attachment = (volume: string, attached = true, going = false) =>
  ({
    metadata: { name: `a-${volume}`, uid: volume, ...(going && { deletionTimestamp: "2026-01-01T00:00:00Z" }) },
    spec: { attacher: "d", nodeName: "n", source: { persistentVolumeName: volume } },
    status: { attached },
  }) as unknown as VolumeAttachment;

function plan(state: Partial<NodeState>) {
  const { attach, blocked, detach, waiting, attached } = planNode({
    needed: [],
    attachments: [],
    isElsewhere: () => false,
    nameOf: ({ spec }) => `u-${spec.source.persistentVolumeName}`,
    inUse: new Set(),
    lost: () => false,
    ...state,
  });
  const volumes = (all: readonly VolumeAttachment[]) => all.map(({ metadata }) => metadata.uid);
  return {
    attach: attach.map(({ volume }) => volume),
    blocked: blocked.map(({ volume }) => volume),
    detach: volumes(detach),
    waiting: volumes(waiting),
    attached,
  };
}
const nothing = { attach: [], blocked: [], detach: [], waiting: [], attached: [] };

test("what pods need is attached once, and told when it is", () => {
  assert.deepEqual(plan({ needed: [needed("v")] }), { ...nothing, attach: ["v"] });
  assert.deepEqual(plan({ needed: [needed("v")], attachments: [attachment("v", false)] }), nothing);
  assert.deepEqual(plan({ needed: [needed("v")], attachments: [attachment("v")] }), { ...nothing, attached: ["u-v"] });
});

test("a volume for one node waits for the other to give it up; a shared one does not", () => {
  const isElsewhere = () => true;
  assert.deepEqual(plan({ needed: [needed("v")], isElsewhere }), { ...nothing, blocked: ["v"] });
  assert.deepEqual(plan({ needed: [needed("v", true)], isElsewhere }), { ...nothing, attach: ["v"] });
});

test("what nobody needs goes when the node has let go of it, or is lost; what goes already is left alone", () => {
  const attachments = [attachment("v")];
  assert.deepEqual(plan({ attachments }), { ...nothing, detach: ["v"] });
  const inUse = new Set(["u-v"]);
  assert.deepEqual(plan({ attachments, inUse }), { ...nothing, waiting: ["v"], attached: ["u-v"] });
  assert.deepEqual(plan({ attachments, inUse, lost: () => true }), { ...nothing, detach: ["v"] });
  assert.deepEqual(plan({ attachments: [attachment("v", true, true)] }), nothing);
});
