import assert from "node:assert/strict";
import { test } from "node:test";
import { nodes, poddisruptionbudgets, pods } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { PodDisruptionBudget } from "@kubets/api/generated/types/policy-v1";
import { seededRandom } from "@kubets/machinery";
import { preemptNaively } from "./testing/naive-preemption.ts";
import { decideNaively } from "./testing/naive-scheduler.ts";
import { RandomCluster } from "./testing/random-cluster.ts";
import { type Run, runScheduler } from "./testing/run.ts";

const CLUSTERS = Number(process.env.CLUSTERS ?? 80);

/** Pod by pod: who finds no place makes those go whose going does the least harm, and takes the place. */
test("preemption does what a naive one would do on random clusters", async () => {
  let preempted = 0;
  let vain = 0;
  for (let seed = 1; seed <= CLUSTERS; seed++) {
    const random = new RandomCluster(seededRandom(seed));
    const run = await runScheduler({ random: seededRandom(seed) });
    try {
      for (let i = 0; i < 1 + random.below(4); i++) run.cluster.put(random.node(`n${i}`));
      for (const app of ["a", "b"]) if (random.chance(50)) run.cluster.put(budget(app, random.below(2)));
      for (let i = 0; i < 30; i++) {
        const made = await placeOne(run, random, i, `seed ${seed}, pod p${i}`);
        if (made === "preempted") preempted++;
        else if (made === "nowhere") vain++;
      }
    } finally {
      run.stop();
    }
  }
  assert.ok(preempted > CLUSTERS * 2 && vain > CLUSTERS, `${preempted} preempted, ${vain} in vain`);
});

async function placeOne({ cluster, settle, clock }: Run, random: RandomCluster, i: number, where: string) {
  const pod = random.pod(`p${i}`, { priorities: true });
  const { namespace, name } = pod.metadata;
  const there = cluster.cache.list(pods);
  const before = { nodes: cluster.cache.list(nodes), pods: there, namespaces: {} };
  const ways =
    "best" in decideNaively(before, pod) ? [[]] : preemptNaively(before, pod, cluster.cache.list(poddisruptionbudgets));
  cluster.put(pod);
  await settle();
  await clock.advance(20_000);
  await settle();
  const gone = there.filter(({ metadata }) => !cluster.pod(metadata.name, metadata.namespace));
  const names = gone.map(({ metadata }) => metadata.name).sort();
  const placed = cluster.pod(name, namespace);
  if (ways.length === 0) {
    assert.deepEqual([names, placed.spec.nodeName], [[], undefined], where);
    cluster.remove("Pod", `${namespace}/${name}`);
    return "nowhere";
  }
  assert.ok(placed.spec.nodeName, `${where}: it has no place`);
  assert.ok(
    ways.some((way) => way.join() === names.join()),
    `${where}: ${names.join()} went, naively ${ways.map((way) => way.join()).join(" or ")}`,
  );
  const startTime = `2026-01-01T00:00:${10 + random.below(40)}Z`;
  cluster.put({ ...placed, status: { ...placed.status, startTime } } as Pod);
  return names.length ? "preempted" : "placed";
}

const budget = (app: string, disruptionsAllowed: number) =>
  ({
    kind: "PodDisruptionBudget",
    apiVersion: "policy/v1",
    metadata: { name: app, namespace: "one", uid: app, resourceVersion: "1" },
    spec: { selector: { matchLabels: { app } } },
    status: { disruptionsAllowed, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1 },
  }) as unknown as PodDisruptionBudget;
