/** Random churn of pods with volumes and devices, over failing writes, lagging watches and restarts; judged by the server's objects alone. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  nodes,
  persistentvolumeclaims,
  persistentvolumes,
  pods,
  resourceclaims,
  resourceslices,
} from "@kubets/api/generated/refs";
import type { PersistentVolumeClaim, Pod } from "@kubets/api/generated/types/core-v1";
import type { ResourceClaim } from "@kubets/api/generated/types/resource-v1";
import type { KubeObject } from "@kubets/api/meta";
import { matchesNodeSelector } from "@kubets/api/pod/node-affinity";
import { node } from "@kubets/api/testing/node-builder";
import { pod } from "@kubets/api/testing/pod-builder";
import { seededRandom } from "@kubets/machinery";
import { claimFor, DRIVER, deviceClass, resourceSlice, usingClaims } from "./testing/devices.ts";
import type { MemoryCluster } from "./testing/memory-cluster.ts";
import { RandomCluster } from "./testing/random-cluster.ts";
import { type Run, runScheduler } from "./testing/run.ts";
import { claim, storageClass, using, volume } from "./testing/volumes.ts";

const RUNS = Number(process.env.RUNS ?? 16);
const NODES = 5;

test("random churn with volumes, devices and restarts gives nothing to two", async () => {
  let bound = 0;
  for (let seed = 1; seed <= RUNS; seed++) bound += await churn(seed);
  assert.ok(bound > RUNS * 25, `${bound} bound`);
});

async function churn(seed: number): Promise<number> {
  const random = new RandomCluster(seededRandom(seed));
  let run = await runScheduler({ random: seededRandom(seed) });
  const { cluster } = run;
  cluster.fault = (request) => (random.chance(8) ? new Error(`no answer to ${request}`) : undefined);
  cluster.put(deviceClass("any"), storageClass("local", "WaitForFirstConsumer", "kubernetes.io/no-provisioner"));
  for (let i = 0; i < NODES; i++)
    cluster.put(node(`n${i}`).capacity({ cpu: "8", pods: "8" }).build(), devices(`n${i}`));
  const places = new Map<string, string>();
  try {
    for (let step = 0; step < 150; step++) {
      cluster.lagging = random.chance(60);
      change(cluster, random, step);
      cluster.deliver(random.below(5));
      if (random.chance(60)) await run.settle();
      bindVolumes(cluster);
      giveBack(cluster);
      if (random.chance(10)) await run.clock.advance(2000);
      if (random.chance(3)) run = await restarted(run, seed + step);
      check(cluster, places, `seed ${seed}, step ${step}`);
    }
    cluster.fault = () => undefined;
    cluster.lagging = false;
    cluster.deliver();
    for (let i = 0; i < 8; i++) {
      await run.settle();
      bindVolumes(cluster);
      await run.clock.advance(15_000);
    }
    check(cluster, places, `seed ${seed}, at the end`);
    checkWaiting(cluster, `seed ${seed}`);
  } finally {
    run.stop();
  }
  return places.size;
}

/** Another process begins with what the server has by then. */
async function restarted({ cluster, stop }: Run, seed: number): Promise<Run> {
  stop();
  cluster.deliver();
  return runScheduler({ cluster, random: seededRandom(seed) });
}

const devices = (on: string): KubeObject => {
  const consumesCounters = (value: string) => [{ counterSet: "all", counters: { parts: { value } } }];
  const parts = { sharedCounters: [{ name: "all", counters: { parts: { value: "4" } } }] };
  const made = ["1", "1", "2", "4"].map((size, i) => ({ name: `d${i}`, consumesCounters: consumesCounters(size) }));
  return resourceSlice(on, made, { nodeName: on, ...parts });
};

function change(cluster: MemoryCluster, random: RandomCluster, step: number): void {
  const name = `p${step}`;
  const made = pod(name).requests({ cpu: "500m" });
  if (random.chance(50)) {
    cluster.put(claim(name, { storageClass: "local", modes: ["ReadWriteOncePod"] }));
    made.spec(using(random.chance(25) && step > 0 ? `p${random.below(step)}` : name));
  }
  if (random.chance(50)) {
    cluster.put(claimFor(`c${step}`, "any"));
    made.spec(usingClaims(random.chance(25) && step > 0 ? `c${random.below(step)}` : `c${step}`));
  }
  cluster.put(made.build());
  if (random.chance(40)) cluster.put(volume(`v${step}`, { node: `n${random.below(NODES)}`, storageClass: "local" }));
  const all = cluster.truth(pods);
  if (random.chance(50) && all.length > 4) cluster.remove("Pod", `default/${random.pick(...all).metadata.name}`);
}

/** What the controller of volumes does. */
function bindVolumes(cluster: MemoryCluster): void {
  for (const { metadata, spec } of cluster.truth(persistentvolumes)) {
    const held = cluster.truth(persistentvolumeclaims).find(({ metadata: { uid } }) => uid === spec.claimRef?.uid);
    if (!held || held.spec.volumeName) continue;
    const annotations = { ...held.metadata.annotations, "pv.kubernetes.io/bind-completed": "yes" };
    const status = { phase: "Bound" };
    cluster.put({
      ...held,
      metadata: { ...held.metadata, annotations },
      spec: { ...held.spec, volumeName: metadata.name },
      status,
    } as PersistentVolumeClaim);
  }
}

/** What the controller of claims does: devices that no pod uses any more are free. */
function giveBack(cluster: MemoryCluster): void {
  const uids = new Set(cluster.truth(pods).map(({ metadata }) => metadata.uid));
  for (const used of cluster.truth(resourceclaims)) {
    const reservedFor = (used.status.reservedFor ?? []).filter(({ uid }) => uids.has(uid));
    if (reservedFor.length === (used.status.reservedFor?.length ?? 0)) continue;
    const status = reservedFor.length ? { ...used.status, reservedFor } : {};
    cluster.put({ ...used, status } as ResourceClaim);
  }
}

const claimNames = ({ spec }: Pod) => (spec.volumes ?? []).map((each) => each.persistentVolumeClaim?.claimName ?? "");

/** `places` keeps who was placed where, to see that nobody is moved. */
function check(cluster: MemoryCluster, places: Map<string, string>, where: string): void {
  const placed = cluster.truth(pods).filter(({ spec }) => spec.nodeName);
  const volumes = new Map(cluster.truth(persistentvolumes).map((each) => [each.metadata.name, each]));
  const byName = new Map(cluster.truth(persistentvolumeclaims).map((each) => [each.metadata.name, each]));
  const nodesByName = new Map(cluster.truth(nodes).map((each) => [each.metadata.name, each]));
  const users = new Map<string, number>();
  for (const each of placed) {
    const { name } = each.metadata;
    const on = each.spec.nodeName as string;
    assert.equal(places.get(name) ?? on, on, `${where}: ${name} was moved`);
    places.set(name, on);
    for (const used of claimNames(each)) {
      users.set(used, (users.get(used) ?? 0) + 1);
      const bound = volumes.get(byName.get(used)?.spec.volumeName ?? "");
      assert.ok(bound, `${where}: ${name} is placed without its volume`);
      const reach = bound.spec.nodeAffinity?.required;
      assert.ok(
        reach && matchesNodeSelector(reach, nodesByName.get(on) as never),
        `${where}: ${name}'s volume is elsewhere`,
      );
    }
    for (const { resourceClaimName } of each.spec.resourceClaims ?? []) {
      const used = cluster.truth(resourceclaims).find(({ metadata }) => metadata.name === resourceClaimName);
      assert.ok(used, `${where}: ${name}'s claim is gone`);
      assert.ok(
        used.status.reservedFor?.some(({ uid }) => uid === each.metadata.uid),
        `${where}: ${name} is no user`,
      );
      const reach = used.status.allocation?.nodeSelector;
      assert.ok(
        reach && matchesNodeSelector(reach, nodesByName.get(on) as never),
        `${where}: ${name}'s device is elsewhere`,
      );
    }
  }
  for (const [used, count] of users) assert.equal(count, 1, `${where}: ${count} pods use ${used}`);
  checkDevices(cluster, where);
}

function checkDevices(cluster: MemoryCluster, where: string): void {
  const taken = cluster.truth(resourceclaims).flatMap(({ status }) => status.allocation?.devices.results ?? []);
  const names = taken.map(({ pool, device }) => `${pool}/${device}`);
  assert.equal(new Set(names).size, names.length, `${where}: a device is given twice: ${names.join()}`);
  for (const { spec } of cluster.truth(resourceslices)) {
    const parts = (spec.devices ?? [])
      .filter(({ name }) =>
        taken.some(({ driver, pool, device }) => driver === DRIVER && pool === spec.pool.name && device === name),
      )
      .reduce((sum, { consumesCounters }) => sum + Number(consumesCounters?.[0]?.counters?.parts?.value), 0);
    assert.ok(parts <= 4, `${where}: ${parts} parts of ${spec.pool.name}`);
  }
}

/** A pod that asks for no more than there is plenty of is placed in the end. */
function checkWaiting(cluster: MemoryCluster, where: string): void {
  const all = cluster.truth(pods);
  const full = cluster
    .truth(nodes)
    .every(({ metadata }) => all.filter(({ spec }) => spec.nodeName === metadata.name).length >= 8);
  for (const { metadata, spec } of all)
    if (!spec.nodeName && !spec.volumes && !spec.resourceClaims)
      assert.ok(full, `${where}: ${metadata.name} waits though there is room`);
}
