import assert from "node:assert/strict";
import { test } from "node:test";
import type { PodDisruptionBudget } from "@kubets/api/generated/types/policy-v1";
import { node } from "@kubets/api/testing/node-builder";
import { pod } from "@kubets/api/testing/pod-builder";
import { type Run, runScheduler } from "./testing/run.ts";

const low = (name: string, on: string, cpu = "2", priority = 10) =>
  pod(name).on(on).requests({ cpu }).priority(priority).status({ phase: "Running", startTime: "2026-01-01T00:00:00Z" });
const high = (name: string, cpu = "2") => pod(name).requests({ cpu }).priority(1000);

interface Case {
  readonly name: string;
  put(run: Run): void;
  /** What was asked of the server, in order. */
  readonly requests: readonly string[];
  readonly placements: readonly string[];
  readonly message?: string;
}

const cases: readonly Case[] = [
  {
    name: "the pod of lower priority goes, the higher takes its place",
    put: ({ cluster }) =>
      cluster.put(node("n1").capacity({ cpu: "2" }).build(), low("small", "n1").build(), high("big").build()),
    requests: ["patch default/small", "patch default/big", "delete default/small", "bind default/big n1"],
    placements: ["big -> n1"],
  },
  {
    name: "no more go than must",
    put: ({ cluster }) =>
      cluster.put(
        node("n1").capacity({ cpu: "3" }).build(),
        ...["a", "b", "c"].map((name, i) => low(name, "n1", "1", 10 + i).build()),
        high("big", "1").build(),
      ),
    requests: ["patch default/a", "patch default/big", "delete default/a", "bind default/big n1"],
    placements: ["b -> n1", "big -> n1", "c -> n1"],
  },
  {
    name: "where the victims are least important",
    put: ({ cluster }) =>
      cluster.put(
        node("n1").capacity({ cpu: "2" }).build(),
        node("n2").capacity({ cpu: "2" }).build(),
        low("a", "n1", "2", 20).build(),
        low("b", "n2", "2", 10).build(),
        high("big").build(),
      ),
    requests: ["patch default/b", "patch default/big", "delete default/b", "bind default/big n2"],
    placements: ["a -> n1", "big -> n2"],
  },
  {
    name: "rather where no disruption budget is in the way",
    put: ({ cluster }) =>
      cluster.put(
        node("n1").capacity({ cpu: "2" }).build(),
        node("n2").capacity({ cpu: "2" }).build(),
        low("a", "n1", "2", 10).labels({ app: "x" }).build(),
        low("b", "n2", "2", 20).build(),
        budget("x", 0),
        high("big").build(),
      ),
    requests: ["patch default/b", "patch default/big", "delete default/b", "bind default/big n2"],
    placements: ["a -> n1", "big -> n2"],
  },
  {
    name: "a pod whose preemptionPolicy is Never waits",
    put: ({ cluster }) =>
      cluster.put(
        node("n1").capacity({ cpu: "2" }).build(),
        node("n2").labels({ x: "y" }).taint("k", "NoSchedule").build(),
        low("small", "n1").build(),
        high("big").spec({ preemptionPolicy: "Never" }).build(),
      ),
    requests: ["patch default/big"],
    placements: ["big -> ?", "small -> n1"],
    message:
      "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint(s). no new claims to deallocate, preemption: not eligible due to preemptionPolicy=Never.",
  },
  {
    name: "equals do not make each other go",
    put: ({ cluster }) =>
      cluster.put(
        node("n1").capacity({ cpu: "2" }).build(),
        low("small", "n1", "2", 1000).build(),
        high("big").build(),
      ),
    requests: ["patch default/big"],
    placements: ["big -> ?", "small -> n1"],
    message:
      "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.",
  },
  {
    name: "an anti-affinity of pods that run is lifted by their going",
    put: ({ cluster }) =>
      cluster.put(
        node("n1").build(),
        low("a", "n1", "1")
          .labels({ app: "x" })
          .spec({ affinity: { podAntiAffinity: apart("x") } })
          .build(),
        high("big", "1")
          .labels({ app: "x" })
          .spec({ affinity: { podAntiAffinity: apart("x") } })
          .build(),
      ),
    requests: ["patch default/a", "patch default/big", "delete default/a", "bind default/big n1"],
    placements: ["big -> n1"],
  },
];

const apart = (app: string) => ({
  requiredDuringSchedulingIgnoredDuringExecution: [
    { labelSelector: { matchLabels: { app } }, topologyKey: "kubernetes.io/hostname" },
  ],
});

const budget = (app: string, disruptionsAllowed: number) =>
  ({
    kind: "PodDisruptionBudget",
    apiVersion: "policy/v1",
    metadata: { name: app, namespace: "default", uid: app, resourceVersion: "1" },
    spec: { selector: { matchLabels: { app } } },
    status: { disruptionsAllowed, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1 },
  }) as unknown as PodDisruptionBudget;

for (const { name, put, requests, placements, message } of cases) {
  test(`preemption: ${name}`, async () => {
    const run = await runScheduler();
    try {
      put(run);
      await run.settle();
      await run.clock.advance(2000);
      await run.settle();
      assert.deepEqual(run.cluster.requests, requests);
      assert.deepEqual(run.cluster.placements(), placements);
      if (message) assert.deepEqual(run.cluster.events, [`big: Warning FailedScheduling: ${message}`]);
    } finally {
      run.stop();
    }
  });
}

/** The server takes the deletion, but the pod needs time to go. */
const slowToGo =
  ({ cluster }: Run) =>
  (request: string) => {
    if (request !== "delete default/small") return undefined;
    const small = cluster.pod("small");
    cluster.put({ ...small, metadata: { ...small.metadata, deletionTimestamp: "2026-01-01T00:01:00Z" } });
    return Object.assign(new Error("gone"), { name: "StatusError" });
  };

test("preemption: until its victims are gone the pod keeps the place for itself", async () => {
  const run = await runScheduler();
  const { cluster, settle, clock } = run;
  try {
    cluster.put(node("n1").capacity({ cpu: "2" }).build(), low("small", "n1").build());
    cluster.fault = slowToGo(run);
    cluster.put(high("big").build());
    await settle();
    assert.equal(cluster.pod("big").status.nominatedNodeName, "n1");
    assert.equal(
      cluster.pod("small").status.conditions?.[0]?.message,
      "default-scheduler: preempting to accommodate a higher priority pod",
    );
    cluster.fault = () => undefined;

    cluster.put(pod("late").requests({ cpu: "1" }).priority(5).build());
    cluster.remove("Pod", "default/small");
    await settle();
    await clock.advance(2000);
    await settle();
    assert.deepEqual(cluster.placements(), ["big -> n1", "late -> ?"]);
  } finally {
    run.stop();
  }
});

test("preemption: the place is kept also from a pod that may stand nowhere else", async () => {
  const run = await runScheduler();
  const { cluster, settle } = run;
  try {
    cluster.fault = slowToGo(run);
    cluster.put(node("n1").capacity({ cpu: "1" }).build(), node("n2").capacity({ cpu: "2" }).build());
    cluster.put(low("small", "n2", "1").build(), high("big").build());
    await settle();
    assert.equal(cluster.pod("big").status.nominatedNodeName, "n2");
    const matchFields = [{ key: "metadata.name", operator: "In", values: ["n2"] }];
    cluster.put(
      pod("late")
        .requests({ cpu: "1" })
        .priority(5)
        .spec({
          affinity: {
            nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields }] } },
          },
        })
        .build(),
    );
    await settle();
    assert.equal(cluster.pod("late").spec.nodeName, undefined);
  } finally {
    run.stop();
  }
});
