import assert from "node:assert/strict";
import { test } from "node:test";
import type { Deployment, ReplicaSet } from "@kubets/api/generated/types/apps-v1";
import { seededRandom } from "@kubets/machinery";
import { randomInt } from "@kubets/machinery/random";
import { pastHistory, rollingStep, scaled } from "./plan.ts";
import { maxSurge, maxUnavailable, newSize, wantedOf } from "./replica-counts.ts";

const deployment = (replicas: number, more: object = {}) =>
  ({
    metadata: { name: "web", uid: "d" },
    spec: { replicas, strategy: { type: "RollingUpdate", ...more } },
    status: {},
  }) as unknown as Deployment;

let made = 0;
const set = (name: string, replicas: number, available = replicas, annotations: object = {}) =>
  ({
    metadata: {
      name,
      uid: `${name}-${made++}`,
      creationTimestamp: `2026-01-01T00:00:${name.charCodeAt(0) % 60}Z`,
      annotations,
    },
    spec: { replicas },
    status: { replicas, availableReplicas: available, observedGeneration: 1 },
  }) as unknown as ReplicaSet;

const rolling = (surge: number | string, unavailable: number | string) => ({
  rollingUpdate: { maxSurge: surge, maxUnavailable: unavailable },
});
const sizes = (sizings: readonly { set: ReplicaSet; replicas: number }[]) =>
  sizings.map(({ set: { metadata }, replicas }) => `${metadata.name}=${replicas}`);

test("percentages: surge is rounded up, unavailable down, and something must be able to move", () => {
  for (const [replicas, surge, unavailable, wantSurge, wantUnavailable] of [
    [10, "25%", "25%", 3, 2],
    [1, "25%", "25%", 1, 0],
    [4, 0, "10%", 0, 1],
    [0, "25%", "25%", 0, 0],
    [3, 0, 5, 0, 3],
  ] as const) {
    const given = deployment(replicas, rolling(surge, unavailable));
    assert.deepEqual(
      [maxSurge(given), maxUnavailable(given)],
      [wantSurge, wantUnavailable],
      `${replicas} ${surge} ${unavailable}`,
    );
  }
});

test("a step of a rolling update", () => {
  const d = deployment(4, rolling(1, 1));
  assert.deepEqual(sizes(rollingStep(d, set("n", 0), [set("o", 4)])), ["n=1"]);
  assert.deepEqual(sizes(rollingStep(d, set("n", 1, 0), [set("o", 4)])), ["o=3"]);
  assert.deepEqual(sizes(rollingStep(d, set("n", 1, 0), [set("o", 3)])), ["n=2"]);
  assert.deepEqual(sizes(rollingStep(d, set("n", 2, 0), [set("o", 3)])), []);
  assert.deepEqual(sizes(rollingStep(d, set("n", 4), [set("o", 0)])), []);
  assert.deepEqual(sizes(rollingStep(d, set("n", 6), [])), ["n=4"]);
});

test("pods that are not available go first", () => {
  const d = deployment(4, rolling(1, 0));
  assert.deepEqual(sizes(rollingStep(d, set("n", 1, 1), [set("a", 2, 0), set("b", 2)])), ["a=1"]);
});

test("scaling in the middle of a rollout keeps proportions", () => {
  const max = { "deployment.kubernetes.io/max-replicas": "13", "deployment.kubernetes.io/desired-replicas": "10" };
  const grown = scaled(deployment(15, rolling(3, 2)), set("n", 5, 0, max), [set("o", 8, 8, max)]);
  assert.deepEqual(sizes(grown), ["o=11", "n=7"]);
});

test("the history forgets the oldest that have nothing left", () => {
  const rev = (n: number) => ({ "deployment.kubernetes.io/revision": String(n) });
  const d = { ...deployment(1), spec: { ...deployment(1).spec, revisionHistoryLimit: 1 } } as Deployment;
  const old = [set("c", 0, 0, rev(3)), set("a", 0, 0, rev(1)), set("b", 1, 1, rev(2))];
  assert.deepEqual(
    pastHistory(d, old).map(({ metadata }) => metadata.name),
    ["a"],
  );
});

/** However pods come up, a rollout ends, and on the way never has too many nor too few. */
test("random rollouts stay within their bounds and end", () => {
  const random = seededRandom(5);
  for (let round = 0; round < 300; round++) {
    const replicas = randomInt(random, 12);
    const d = deployment(replicas, rolling(randomInt(random, 4), randomInt(random, 4)));
    let old = [set("a", replicas), set("b", 0)];
    let current = set("n", 0);
    const minAvailable = replicas - maxUnavailable(d);
    let steps = 0;
    for (; steps < 200; steps++) {
      const plan = rollingStep(d, current, old);
      for (const { set: sized, replicas: size } of plan) {
        const next = {
          ...sized,
          spec: { ...sized.spec, replicas: size },
          status: {
            ...sized.status,
            replicas: size,
            availableReplicas: Math.min(size, sized.status.availableReplicas ?? 0),
          },
        } as ReplicaSet;
        if (sized === current) current = next;
        else old = old.map((each) => (each === sized ? next : each));
      }
      const all = [...old, current];
      const total = all.reduce((sum, each) => sum + wantedOf(each), 0);
      const available = all.reduce((sum, each) => sum + (each.status.availableReplicas ?? 0), 0);
      assert.ok(total <= Math.max(replicas + maxSurge(d), replicas), `${total} pods of ${replicas}+${maxSurge(d)}`);
      assert.ok(available >= minAvailable, `${available} available, must be ${minAvailable}`);
      if (plan.length === 0 && wantedOf(current) === replicas && old.every((each) => wantedOf(each) === 0)) break;
      // Some pods of the new one come up, perhaps none.
      const up = Math.min(wantedOf(current), (current.status.availableReplicas ?? 0) + randomInt(random, 3));
      current = { ...current, status: { ...current.status, availableReplicas: up } } as ReplicaSet;
    }
    assert.ok(steps < 200, "it ends");
    assert.ok(newSize(d, [...old, current], wantedOf(current)) === replicas);
  }
});
