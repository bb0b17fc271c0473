/** Which pods a Job makes and ends, compared with a naive version that goes pod by pod, on random states. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Job } from "@kubets/api/generated/types/batch-v1";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { seededRandom } from "@kubets/machinery";
import { randomInt } from "@kubets/machinery/random";
import { compareForDeletion } from "../pods/deletion-order.ts";
import type { Counts } from "./counts.ts";
import { FAILURE_COUNT, INDEX } from "./names.ts";
import { planJob } from "./plan.ts";

const NOW = Date.UTC(2026, 0, 1);
const random = seededRandom(17);
const below = (limit: number) => randomInt(random, limit);
const ago = (seconds: number) => new Date(NOW - seconds * 1000).toISOString();

interface Failure {
  readonly index: number;
  /** How often the index had failed before. */
  readonly count: number;
  readonly secondsAgo: number;
}

interface State {
  readonly parallelism: number;
  readonly completions: number | undefined;
  readonly indexed: boolean;
  readonly suspend: boolean;
  /** The same index may stand twice, or out of range. */
  readonly active: readonly { readonly index: number; readonly bound: boolean; readonly secondsOld: number }[];
  readonly terminating: number;
  readonly waitsForEnd: boolean;
  readonly done: readonly number[];
  readonly failed: readonly number[];
  readonly backoffMs: number;
  /** Where each index is tried so often. */
  readonly failures: readonly Failure[] | undefined;
}

function randomState(): State {
  const indexed = below(2) === 0;
  const completions = indexed ? 1 + below(6) : below(3) === 0 ? undefined : 1 + below(6);
  const indexes = Array.from({ length: completions ?? 0 }, (_, i) => i);
  const done = indexes.filter(() => below(4) === 0);
  const failure = () => ({ index: below(7), count: below(3), secondsAgo: below(50) });
  return {
    parallelism: below(6),
    completions,
    indexed,
    suspend: below(8) === 0,
    active: Array.from({ length: below(6) }, () => ({
      index: below(7),
      bound: below(2) === 0,
      secondsOld: 2 ** below(10),
    })),
    terminating: below(3),
    waitsForEnd: below(3) === 0,
    done,
    failed: indexed ? indexes.filter((i) => !done.includes(i) && below(6) === 0) : [],
    backoffMs: below(4) === 0 ? 1000 : 0,
    failures: indexed && below(2) === 0 ? Array.from({ length: below(5) }, failure) : undefined,
  };
}

const podsOf = ({ active }: State) =>
  active.map(
    ({ index, bound, secondsOld }, i) =>
      ({
        metadata: {
          name: `p${i}`,
          uid: `u${i}`,
          creationTimestamp: ago(secondsOld),
          annotations: { [INDEX]: String(index) },
        },
        spec: { containers: [], ...(bound && { nodeName: "n" }) },
        status: { phase: "Pending" },
      }) as unknown as Pod,
  );

const failedPods = ({ failures = [] }: State) =>
  failures.map(
    ({ index, count, secondsAgo }) =>
      ({
        metadata: { annotations: { [INDEX]: String(index), [FAILURE_COUNT]: String(count) } },
        status: { phase: "Failed", containerStatuses: [{ state: { terminated: { finishedAt: ago(secondsAgo) } } }] },
      }) as unknown as Pod,
  );

interface Outcome {
  readonly removed: readonly string[];
  /** Of what is made: the indexes, with how often each failed where that counts. */
  readonly created: readonly string[];
  readonly waitMs: number | undefined;
}

const made = (index?: number, failures?: number) => `${index ?? "any"} ${failures ?? ""}`;

function planned(state: State, active: readonly Pod[]): Outcome {
  const { parallelism, completions, indexed, suspend, done, failed, backoffMs, failures, waitsForEnd } = state;
  const job = {
    metadata: { name: "work", uid: "j" },
    spec: {
      parallelism,
      completions,
      suspend,
      completionMode: indexed ? "Indexed" : "NonIndexed",
      ...(failures && { backoffLimitPerIndex: 9 }),
      podReplacementPolicy: waitsForEnd ? "Failed" : "TerminatingOrFailed",
      template: {},
    },
    status: {},
  } as unknown as Job;
  const counts = { succeeded: done.length, completedIndexes: new Set(done), failedIndexes: new Set(failed) };
  const sorted = { active, ready: 0, terminating: state.terminating, succeeded: [], failed: failedPods(state) };
  const { create, remove, waitMs } = planJob(job, sorted, counts as unknown as Counts, backoffMs, NOW);
  return {
    removed: remove.map(({ metadata }) => metadata.name).sort(),
    created: create.map(({ index, failures: count }) => made(index, count)),
    waitMs,
  };
}

function naive(state: State, active: readonly Pod[]): Outcome {
  const { parallelism, completions, indexed, suspend, done, failed, backoffMs, failures } = state;
  const names = (pods: readonly Pod[]) => pods.map(({ metadata }) => metadata.name).sort();
  const nothing = { removed: [], created: [], waitMs: undefined };
  if (suspend) return { ...nothing, removed: names(active) };
  const openIndexes = Array.from({ length: completions ?? 0 }, (_, i) => i).filter(
    (i) => !done.includes(i) && !failed.includes(i),
  );
  // One place for each piece of work that is left, as far as there may be so many at once.
  const left = indexed ? openIndexes.length : (completions ?? Number.POSITIVE_INFINITY) - done.length;
  const isQueueDone = completions === undefined && done.length > 0;
  const most = Math.max(0, Math.min(parallelism, isQueueDone ? active.length : left));

  const indexOf = (pod: Pod) => Number(pod.metadata.annotations?.[INDEX]);
  const better = (a: Pod, b: Pod) =>
    a.spec.nodeName === b.spec.nodeName
      ? a.metadata.creationTimestamp < b.metadata.creationTimestamp
      : Boolean(a.spec.nodeName);
  let kept = active.filter(
    (pod, i) =>
      !indexed ||
      (openIndexes.includes(indexOf(pod)) &&
        !active.some(
          (other, j) =>
            other !== pod && indexOf(other) === indexOf(pod) && (better(other, pod) || (!better(pod, other) && j < i)),
        )),
  );
  const goesBefore = (a: Pod, b: Pod) => compareForDeletion({ pod: a, rank: 0 }, { pod: b, rank: 0 }, NOW) < 0;
  while (kept.length > most) {
    const first = kept.find((pod) => !kept.some((other) => goesBefore(other, pod)));
    kept = kept.filter((pod) => pod !== first);
  }
  if (kept.length < active.length) return { ...nothing, removed: names(active.filter((pod) => !kept.includes(pod))) };

  const places = most - kept.length - (state.waitsForEnd ? state.terminating : 0);
  if (places <= 0) return nothing;
  if (!failures && backoffMs > 0) return { ...nothing, waitMs: backoffMs };
  if (!indexed) return { ...nothing, created: Array.from({ length: places }, () => made()) };
  const created: string[] = [];
  const waits: number[] = [];
  for (const index of openIndexes) {
    if (created.length === places) break;
    if (kept.some((pod) => indexOf(pod) === index)) continue;
    const own = (failures ?? []).filter((failure) => failure.index === index);
    const count = Math.max(...own.map((each) => each.count));
    const last = own.find((each) => each.count === count);
    const wait = last ? 10_000 * 2 ** last.count - last.secondsAgo * 1000 : 0;
    if (wait > 0) waits.push(wait);
    else created.push(made(index, failures && (last ? last.count + 1 : 0)));
  }
  return { ...nothing, created, waitMs: waits.length ? Math.min(...waits) : undefined };
}

test("the same pods as going pod by pod", () => {
  for (let round = 0; round < 6000; round++) {
    const state = randomState();
    const active = podsOf(state);
    assert.deepEqual(planned(state, active), naive(state, active), JSON.stringify(state));
  }
});
