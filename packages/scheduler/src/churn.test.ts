import assert from "node:assert/strict";
import { test } from "node:test";
import { nodes, pods } from "@kubets/api/generated/refs";
import { hostPorts, hostPortsConflict } from "@kubets/api/pod/host-ports";
import { podRequests } from "@kubets/api/pod/resources";
import { podCondition } from "@kubets/api/pod/state";
import { seededRandom } from "@kubets/machinery";
import { parseQuantity, zeroQuantity } from "@kubets/machinery/quantity";
import type { MemoryCluster } from "./testing/memory-cluster.ts";
import { decideNaively } from "./testing/naive-scheduler.ts";
import { RandomCluster } from "./testing/random-cluster.ts";
import { runScheduler } from "./testing/run.ts";

const RUNS = Number(process.env.RUNS ?? 20);

test("random churn with lagging watches and failing bindings overcommits nothing and loses no pod", async () => {
  let bound = 0;
  for (let seed = 1; seed <= RUNS; seed++) bound += await churn(seed);
  assert.ok(bound > RUNS * 50, `${bound} bound`);
});

async function churn(seed: number): Promise<number> {
  const random = new RandomCluster(seededRandom(seed));
  const run = await runScheduler({ random: seededRandom(seed) });
  const { cluster, clock, settle } = run;
  let bound = 0;
  cluster.fault = (request) => {
    if (!request.startsWith("bind")) return undefined;
    if (random.chance(10)) return new Error("no answer");
    bound++;
    return undefined;
  };
  try {
    cluster.lagging = true;
    for (let i = 0; i < 6; i++) cluster.put(random.node(`n${i}`));
    for (let step = 0; step < 200; step++) {
      change(cluster, random, step);
      cluster.deliver(random.below(6));
      if (random.chance(50)) await settle();
      if (random.chance(10)) await clock.advance(2000);
      checkNodes(cluster, `seed ${seed}, step ${step}`);
    }
    await comeToRest(run);
    checkNodes(cluster, `seed ${seed}, at the end`);
    checkWaiting(cluster, `seed ${seed}`);
    const waiting = cluster.truth(pods).filter(({ spec }) => !spec.nodeName).length;
    assert.deepEqual(
      run.scheduler.queue.counts,
      { active: 0, backoff: 0, unschedulable: waiting, gated: 0 },
      `seed ${seed}: pods that wait`,
    );
  } finally {
    run.stop();
  }
  return bound;
}

/** Everything told, nothing failing, all backoffs over; but too soon for pods to be tried again without a cause. */
async function comeToRest({ cluster, clock, settle }: Awaited<ReturnType<typeof runScheduler>>): Promise<void> {
  cluster.fault = () => undefined;
  cluster.lagging = false;
  cluster.deliver();
  for (let i = 0; i < 10; i++) {
    await settle();
    await clock.advance(15_000);
  }
  await settle();
}

function change(cluster: MemoryCluster, random: RandomCluster, step: number): void {
  cluster.put(random.pod(`p${step}`));
  const all = cluster.truth(pods);
  if (random.chance(45) && all.length) {
    const { metadata } = random.pick(...all);
    cluster.remove("Pod", `${metadata.namespace}/${metadata.name}`);
  }
  // A node that comes has a name of its own: what the scheduler has not heard of it yet, it cannot hold to.
  if (random.chance(3)) cluster.put(random.node(`m${step}`));
  const there = cluster.truth(nodes);
  if (random.chance(3) && there.length > 2) removeNode(cluster, random.pick(...there).metadata.name);
}

/** With its pods, as the garbage collector would do. */
function removeNode(cluster: MemoryCluster, name: string): void {
  cluster.remove("Node", name);
  for (const { metadata, spec } of cluster.truth(pods))
    if (spec.nodeName === name) cluster.remove("Pod", `${metadata.namespace}/${metadata.name}`);
}

/** By the server's objects alone, with nothing of the scheduler's own arithmetic. */
function checkNodes(cluster: MemoryCluster, where: string): void {
  const all = cluster.truth(pods);
  for (const { metadata, status } of cluster.truth(nodes)) {
    const there = all.filter(({ spec }) => spec.nodeName === metadata.name);
    const allocatable = status.allocatable ?? {};
    assert.ok(there.length <= Number(allocatable.pods), `${where}: ${there.length} pods on ${metadata.name}`);
    for (const resource of ["cpu", "memory", "example.com/thing"]) {
      const used = there.reduce((sum, pod) => sum.add(podRequests(pod).get(resource) ?? zeroQuantity), zeroQuantity);
      const room = parseQuantity(allocatable[resource] ?? "0");
      assert.ok(used.compare(room) <= 0, `${where}: ${resource} of ${metadata.name}: ${used} of ${room}`);
    }
    const ports = there.flatMap((pod) => hostPorts(pod.spec));
    const clash = ports.some((port, i) => ports.some((other, j) => i !== j && hostPortsConflict(port, other)));
    assert.ok(!clash, `${where}: ports of ${metadata.name}`);
  }
}

/** No pod is forgotten: one that is not bound has been told why, and by now would indeed fit nowhere. */
function checkWaiting(cluster: MemoryCluster, where: string): void {
  const all = cluster.truth(pods);
  const view = { nodes: cluster.truth(nodes), pods: all.filter(({ spec }) => spec.nodeName), namespaces: {} };
  for (const pod of all) {
    if (pod.spec.nodeName) continue;
    const told = podCondition(pod.status, "PodScheduled");
    assert.equal(told?.reason, "Unschedulable", `${where}: ${pod.metadata.name} ${told?.message}`);
    const answer = decideNaively(view, pod);
    assert.ok("refusals" in answer, `${where}: ${pod.metadata.name} fits, but was told: ${told.message}`);
  }
}
