/** What is kept of pods alike must not decide anything: the same happens, request by request, to a scheduler that keeps nothing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { nodes, pods } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { KubeObject } from "@kubets/api/meta";
import { node } from "@kubets/api/testing/node-builder";
import { pod } from "@kubets/api/testing/pod-builder";
import { seededRandom } from "@kubets/machinery";
import { claimFor, deviceClass, resourceSlice, usingClaims } from "./testing/devices.ts";
import { RandomCluster } from "./testing/random-cluster.ts";
import { runScheduler } from "./testing/run.ts";

const RUNS = Number(process.env.RUNS ?? 12);
const KINDS = 3;

test("a scheduler that keeps answers does what one does that keeps none", async () => {
  let preempted = 0;
  for (let seed = 1; seed <= RUNS; seed++) {
    const kept = await churn(seed, true);
    assert.deepEqual(kept, await churn(seed, false), `seed ${seed}`);
    preempted += kept.filter((text) => text.includes("Preempted by")).length;
  }
  assert.ok(preempted > RUNS * 5, `${preempted} preempted`);
});

/** All requests and events. */
async function churn(seed: number, keeps: boolean): Promise<string[]> {
  const random = new RandomCluster(seededRandom(seed));
  const run = await runScheduler({ random: seededRandom(seed), featureGates: { OpportunisticBatching: keeps } });
  const { cluster, clock, settle } = run;
  const kinds = Array.from({ length: KINDS }, (_, i) => kind(random, i));
  try {
    cluster.put(deviceClass("gpu"));
    for (let i = 0; i < 8; i++) cluster.put(...nodeWithDevices(random, `n${i}`));
    for (let step = 0; step < 120; step++) {
      cluster.lagging = random.chance(40);
      cluster.put(...random.pick(...kinds)(`p${step}`));
      const all = cluster.truth(pods);
      if (random.chance(25) && all.length) {
        const { metadata } = random.pick(...all);
        cluster.remove("Pod", `default/${metadata.name}`);
        cluster.remove("ResourceClaim", `default/of-${metadata.name}`);
      }
      if (random.chance(10)) {
        const { metadata } = random.pick(...cluster.truth(nodes));
        cluster.put(...nodeWithDevices(random, metadata.name));
      }
      cluster.deliver(random.below(8));
      if (random.chance(60)) await settle();
      if (random.chance(15)) await clock.advance(3000);
    }
  } finally {
    run.stop();
  }
  return [...cluster.requests, ...cluster.events];
}

/** What its pods are made of. */
function kind(random: RandomCluster, i: number): (name: string) => KubeObject[] {
  const { spec, metadata } =
    i === 0
      ? random.pod("kind", { priorities: true })
      : pod("kind")
          .requests({ cpu: random.pick("500m", "1", "2") })
          .priority(random.pick(0, 0, 10, 20))
          .build();
  const claims = i > 0 && random.chance(60);
  const { nodeSelector: _, ...plain } = spec;
  return (name) => {
    const made = pod(name).build();
    const own = claims ? usingClaims(`of-${name}`) : {};
    return [
      ...(claims ? [claimFor(`of-${name}`, "gpu")] : []),
      { ...made, metadata: { ...made.metadata, labels: metadata.labels }, spec: { ...plain, ...own } } as Pod,
    ];
  };
}

function nodeWithDevices(random: RandomCluster, name: string): KubeObject[] {
  const amounts = { cpu: random.pick("2", "4"), memory: "8Gi", pods: random.pick("3", "6", "110") };
  const devices = Array.from({ length: 1 + random.below(3) }, (_, i) => ({ name: `d${i}` }));
  const where = random.chance(80) ? { nodeName: name } : { allNodes: true };
  return [
    node(name)
      .capacity(amounts)
      .labels({ zone: random.pick("a", "b") })
      .build(),
    resourceSlice(name, devices, where),
  ];
}
