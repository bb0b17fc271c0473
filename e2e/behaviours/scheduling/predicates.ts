/** Where pods may run: by what they ask for, by the node's labels, by host ports. */
import assert from "node:assert/strict";
import { nodes, pods } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { behaviour } from "../behaviour.ts";
import type { BehaviourContext } from "../context.ts";
import { container, podSpec } from "../objects.ts";
import { createPod } from "../output.ts";
import { scarcePod, withScarce } from "./scarce.ts";

const unschedulable = ({ status }: Pod) =>
  status.conditions?.some(
    ({ type, status: is, reason }) => type === "PodScheduled" && is === "False" && reason === "Unschedulable",
  );
const placed = ({ until }: BehaviourContext, name: string) =>
  until(pods, name, `a node for ${name}`, (pod) => pod?.spec.nodeName);

behaviour(
  "[sig-scheduling] SchedulerPredicates [Serial] validates resource limits of pods that are allowed to run [Conformance]",
  { on: "simulated", alone: true },
  async (t) => {
    const node = await withScarce(t, 10);
    await createPod(t, scarcePod("most", 7));
    assert.equal((await placed(t, "most")).spec.nodeName, node.metadata.name);
    await createPod(t, scarcePod("more", 5));
    const refused = await t.until(pods, "more", "its refusal", (pod) => pod && unschedulable(pod));
    assert.match(refused.status.conditions?.[0]?.message ?? "", /Insufficient kubets\.example\.com\/scarce/);
    await createPod(t, scarcePod("rest", 3));
    await placed(t, "rest");
    assert.equal((await t.client.get(pods, { namespace: t.namespace, name: "more" })).spec.nodeName, undefined);
  },
);

behaviour(
  "[sig-scheduling] SchedulerPredicates [Serial] validates that NodeSelector is respected if matching [Conformance]",
  { on: "simulated" },
  async (t) => {
    await createPod(t, { metadata: { name: "any" }, spec: podSpec() });
    const name = (await placed(t, "any")).spec.nodeName as string;
    const key = `kubets.example.com/${t.name("label")}`;
    const label = (value: string | null) =>
      t.client.patch(nodes, { name }, { type: "merge", body: { metadata: { labels: { [key]: value } } } });
    await label("42");
    t.cleanup(() => label(null));
    await createPod(t, { metadata: { name: "choosy" }, spec: podSpec(undefined, { nodeSelector: { [key]: "42" } }) });
    assert.equal((await placed(t, "choosy")).spec.nodeName, name);
    await createPod(t, { metadata: { name: "other" }, spec: podSpec(undefined, { nodeSelector: { [key]: "43" } }) });
    await t.until(pods, "other", "its refusal", (pod) => pod && unschedulable(pod));
  },
);

behaviour(
  "[sig-scheduling] SchedulerPredicates [Serial] validates that there exists conflict between pods with same hostPort and protocol but one using 0.0.0.0 hostIP [Conformance]",
  { on: "simulated", alone: true },
  async (t) => {
    const withPort = (name: string, hostIP: string, nodeName?: string) => ({
      metadata: { name },
      spec: podSpec(undefined, {
        containers: [
          container(undefined, { ports: [{ containerPort: 5555, hostPort: 54_322, protocol: "TCP", hostIP }] }),
        ],
        ...(nodeName && { nodeSelector: { "kubernetes.io/hostname": nodeName } }),
      }),
    });
    await createPod(t, withPort("all", "0.0.0.0"));
    const node = (await placed(t, "all")).spec.nodeName as string;
    await createPod(t, withPort("one", "127.0.0.1", node));
    const refused = await t.until(pods, "one", "its refusal", (pod) => pod && unschedulable(pod));
    assert.match(refused.status.conditions?.[0]?.message ?? "", /didn't have free ports for the requested pod ports/);
  },
);
