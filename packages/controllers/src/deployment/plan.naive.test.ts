/** A step of a rolling update, compared with a naive version that moves one pod at a time, on random states. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Deployment, ReplicaSet } from "@kubets/api/generated/types/apps-v1";
import { seededRandom } from "@kubets/machinery";
import { randomInt } from "@kubets/machinery/random";
import { rollingStep } from "./plan.ts";

interface Size {
  readonly wanted: number;
  readonly available: number;
}

interface State {
  readonly replicas: number;
  readonly surge: number;
  readonly unavailable: number;
  readonly current: Size;
  /** The oldest first. */
  readonly old: readonly Size[];
}

/** The sizes after the step: of the new one, then of the old ones. */
function naive({ replicas, surge, unavailable, current, old }: State): number[] {
  const mayLack = Math.min(surge === 0 && unavailable === 0 ? 1 : unavailable, replicas);
  const wanted = [current.wanted, ...old.map((each) => each.wanted)];
  const total = () => wanted.reduce((a, b) => a + b, 0);
  const isUp = (i: number) => (i === 0 ? current : old[i - 1])?.available ?? 0;
  if (current.wanted > replicas) return [replicas, ...wanted.slice(1)];
  while ((wanted[0] as number) < replicas && total() < replicas + surge) wanted[0] = (wanted[0] as number) + 1;
  if (wanted[0] !== current.wanted) return wanted;
  // Each pod that goes must leave enough, counting on all but the new ones that are not up.
  const mustBeUp = replicas - mayLack;
  const newNotUp = current.wanted - current.available;
  const takeOne = (i: number): boolean => {
    if (total() - newNotUp <= mustBeUp) return false;
    wanted[i] = (wanted[i] as number) - 1;
    return true;
  };
  if (old.every((each) => each.wanted === 0)) return wanted;
  // First those that are of no use, the oldest first; then those that are up and more than there must be.
  for (let i = 1; i < wanted.length; i++)
    while ((wanted[i] as number) > isUp(i)) if (!takeOne(i)) return finish(wanted);
  return finish(wanted);

  function finish(sizes: number[]): number[] {
    let spare = old.reduce((sum, each) => sum + each.available, current.available) - mustBeUp;
    const room =
      total() >= 0 && [current, ...old].reduce((sum, each) => sum + each.wanted, 0) - newNotUp - mustBeUp > 0;
    for (let i = 1; room && i < sizes.length; i++)
      while (spare > 0 && (sizes[i] as number) > 0) {
        sizes[i] = (sizes[i] as number) - 1;
        spare--;
      }
    return sizes;
  }
}

const setOf = (name: string, { wanted, available }: Size) =>
  ({
    metadata: { name, uid: name, creationTimestamp: `2026-01-01T00:00:0${name}Z` },
    spec: { replicas: wanted },
    status: { replicas: wanted, availableReplicas: available },
  }) as unknown as ReplicaSet;

function planned({ replicas, surge, unavailable, current, old }: State): number[] {
  const deployment = {
    metadata: { name: "web", uid: "d" },
    spec: {
      replicas,
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: surge, maxUnavailable: unavailable } },
    },
    status: {},
  } as unknown as Deployment;
  const sets = [current, ...old].map((size, i) => setOf(String(i), size));
  const sized = new Map(
    rollingStep(deployment, sets[0] as ReplicaSet, sets.slice(1)).map((each) => [each.set, each.replicas]),
  );
  return sets.map((set) => sized.get(set) ?? (set.spec.replicas as number));
}

test("the same sizes as one pod at a time gives", () => {
  const random = seededRandom(3);
  const size = (most: number): Size => {
    const wanted = randomInt(random, most + 1);
    return { wanted, available: randomInt(random, wanted + 1) };
  };
  for (let round = 0; round < 3000; round++) {
    const state: State = {
      replicas: randomInt(random, 8),
      surge: randomInt(random, 4),
      unavailable: randomInt(random, 4),
      current: size(8),
      old: Array.from({ length: randomInt(random, 3) }, () => size(6)),
    };
    assert.deepEqual(planned(state), naive(state), JSON.stringify(state));
  }
});
