/** Taints that drive pods away, and how long pods may stay. */
import assert from "node:assert/strict";
import { nodes, pods } from "@kubets/api/generated/refs";
import { behaviour } from "../behaviour.ts";
import type { BehaviourContext } from "../context.ts";
import { podSpec } from "../objects.ts";
import { createPod } from "../output.ts";

const TAINT = { key: "kubets.example.com/evict", value: "yes", effect: "NoExecute" };
const stays = (seconds: number) => ({
  tolerations: [{ key: TAINT.key, operator: "Equal", value: "yes", effect: "NoExecute", tolerationSeconds: seconds }],
});

async function taint(t: BehaviourContext, name: string, on: boolean): Promise<void> {
  await t.eventually("the taint to be set", async () => {
    const node = await t.client.get(nodes, { name });
    const others = (node.spec.taints ?? []).filter(({ key }) => key !== TAINT.key);
    const taints = on ? [...others, TAINT] : others;
    const { status } = await t.request("PUT", `/api/v1/nodes/${name}`, { ...node, spec: { ...node.spec, taints } });
    return status === 200;
  });
}

async function place(t: BehaviourContext, name: string, seconds: number, node?: string): Promise<string> {
  await createPod(t, {
    metadata: { name },
    spec: podSpec(undefined, { ...stays(seconds), ...(node && { nodeName: node }) }),
  });
  return (await t.podReady(name)).spec.nodeName ?? "";
}

behaviour(
  "[sig-node] NoExecuteTaintManager Single Pod [Serial] removing taint cancels eviction [Disruptive] [Conformance]",
  { on: "simulated", alone: true },
  async (t) => {
    const node = await place(t, "it", 6);
    t.cleanup(() => taint(t, node, false));
    await taint(t, node, true);
    await assert.rejects(t.untilGone(pods, "it", 2000), /did not come/);
    await taint(t, node, false);
    const going = t.until(pods, "it", "its eviction", (pod) => !pod || pod.metadata.deletionTimestamp, 9000);
    await assert.rejects(going, /did not come/);
  },
);

behaviour(
  "[sig-node] NoExecuteTaintManager Multiple Pods [Serial] evicts pods with minTolerationSeconds [Disruptive] [Conformance]",
  { on: "simulated", alone: true },
  async (t) => {
    const node = await place(t, "soon", 2);
    await place(t, "later", 600, node);
    t.cleanup(() => taint(t, node, false));
    await taint(t, node, true);
    await t.untilGone(pods, "soon", 30_000);
    const later = await t.client.get(pods, { namespace: t.namespace, name: "later" });
    assert.equal(later.metadata.deletionTimestamp, undefined);
  },
);
