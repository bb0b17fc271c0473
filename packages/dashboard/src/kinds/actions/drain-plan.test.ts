import assert from "node:assert/strict";
import { test } from "node:test";
import { drainPlan, type NodePod } from "./drain-plan.ts";
import { refusalOf } from "./drain-run.ts";

interface Traits {
  readonly owner?: string;
  readonly mirror?: boolean;
  readonly data?: boolean;
  readonly phase?: string;
}

const pod = (name: string, { owner, mirror, data, phase = "Running" }: Traits = {}): NodePod => ({
  metadata: {
    namespace: "default",
    name,
    annotations: mirror ? { "kubernetes.io/config.mirror": "x" } : {},
    ownerReferences: owner ? [{ apiVersion: "v1", kind: owner, name: "o", uid: "o", controller: true }] : [],
  },
  spec: { volumes: data ? [{ name: "data", emptyDir: {} }] : [] },
  status: { phase },
});

const names = (pods: readonly NodePod[]) => pods.map(({ metadata }) => metadata.name).join(" ");

test("who goes, who stays, and who is asked about", () => {
  const plan = drainPlan([
    pod("web", { owner: "ReplicaSet" }),
    pod("cache", { owner: "ReplicaSet", data: true }),
    pod("alone"),
    pod("done", { phase: "Succeeded", data: true }),
    pod("agent", { owner: "DaemonSet", data: true }),
    pod("failed-agent", { owner: "DaemonSet", phase: "Failed" }),
    pod("static", { mirror: true }),
  ]);
  assert.equal(names(plan.going), "web cache alone done failed-agent");
  assert.equal(names(plan.ofDaemonSets), "agent");
  assert.equal(names(plan.alone), "alone");
  assert.equal(names(plan.withData), "cache");
  assert.match(refusalOf(plan, { alone: false, withData: true }) ?? "", /make these pods again: default\/alone/);
  assert.match(refusalOf(plan, { alone: true, withData: false }) ?? "", /lose what they keep: default\/cache/);
  assert.equal(refusalOf(plan, { alone: true, withData: true }), undefined);
});
