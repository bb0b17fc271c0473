import assert from "node:assert/strict";
import { test } from "node:test";
import { nodes, pods } from "@kubets/api/generated/refs";
import type { Namespace } from "@kubets/api/generated/types/core-v1";
import { seededRandom } from "@kubets/machinery";
import { decideNaively, type NaiveCluster } from "./testing/naive-scheduler.ts";
import { RandomCluster } from "./testing/random-cluster.ts";
import { type Run, runScheduler } from "./testing/run.ts";

const CLUSTERS = Number(process.env.CLUSTERS ?? 150);
const NAMESPACES = { one: {}, two: { team: "red" } };

/** Pod by pod the decision is one that the naive scheduler would have made, and so are its refusals. */
test("placement equals that of a naive scheduler on random clusters", async () => {
  let placed = 0;
  let refused = 0;
  for (let seed = 1; seed <= CLUSTERS; seed++) {
    const random = new RandomCluster(seededRandom(seed));
    const run = await runScheduler({ random: seededRandom(seed) });
    try {
      for (const [name, labels] of Object.entries(NAMESPACES)) run.cluster.put(namespace(name, labels));
      const count = 1 + random.below(8);
      for (let i = 0; i < count; i++) run.cluster.put(random.node(`n${i}`));
      for (let i = 0; i < 25; i++) {
        if (await check(run, random, `p${i}`, `seed ${seed}, pod p${i}`)) placed++;
        else refused++;
        disturb(run, random, i);
      }
    } finally {
      run.stop();
    }
  }
  assert.ok(placed > refused && refused > 0, `${placed} placed, ${refused} refused`);
});

async function check(
  { cluster, scheduler, settle }: Run,
  random: RandomCluster,
  name: string,
  where: string,
): Promise<boolean> {
  const pod = random.pod(name);
  const before: NaiveCluster = {
    nodes: cluster.cache.list(nodes),
    pods: cluster.cache.list(pods).filter(({ spec }) => spec.nodeName),
    namespaces: NAMESPACES,
  };
  cluster.put(pod);
  await settle();
  const answer = decideNaively(before, pod);
  const [report] = scheduler.decisions.report(`${pod.metadata.namespace}/${name}`);
  if ("best" in answer) {
    const node = cluster.pod(name, pod.metadata.namespace).spec.nodeName;
    assert.ok(node !== undefined && answer.best.includes(node), `${where}: ${node}, naively ${answer.best.join()}`);
    return true;
  }
  const refusals = Object.fromEntries(
    report?.refused.flatMap(({ reasons, nodes: on }) => on.map((node) => [node, reasons.join("+")])) ?? [],
  );
  assert.deepEqual(refusals, answer.refusals, where);
  cluster.remove("Pod", `${pod.metadata.namespace}/${name}`);
  return false;
}

/** Nodes and pods change between decisions, so that what is kept must be kept in step. */
function disturb({ cluster }: Run, random: RandomCluster, i: number): void {
  const bound = cluster.cache.list(pods).filter(({ spec }) => spec.nodeName);
  if (random.chance(15) && bound.length) {
    const { metadata } = random.pick(...bound);
    cluster.remove("Pod", `${metadata.namespace}/${metadata.name}`);
  }
  if (random.chance(10)) cluster.put(random.node(`n${random.below(8)}`));
  if (random.chance(4)) cluster.remove("Node", `n${random.below(8)}`);
  if (random.chance(10) && bound.length) {
    const pod = random.pick(...bound);
    cluster.put({ ...pod, metadata: { ...pod.metadata, labels: { app: random.pick("a", "b", "c") } } });
  }
  if (random.chance(5) && bound.length) {
    const pod = random.pick(...bound);
    cluster.put({ ...pod, metadata: { ...pod.metadata, deletionTimestamp: `2026-01-01T00:00:0${i % 10}Z` } });
  }
}

const namespace = (name: string, labels: Readonly<Record<string, string>>) =>
  ({
    kind: "Namespace",
    apiVersion: "v1",
    metadata: { name, labels, uid: name },
    spec: {},
    status: {},
  }) as unknown as Namespace;
