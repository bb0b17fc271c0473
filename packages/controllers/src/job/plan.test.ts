/** Which pods a Job makes and ends, compared with what must be so afterwards, on random states. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Job } from "@kubets/api/generated/types/batch-v1";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { seededRandom } from "@kubets/machinery";
import { randomInt } from "@kubets/machinery/random";
import type { Counts } from "./counts.ts";
import { INDEX } from "./names.ts";
import { planJob } from "./plan.ts";

const random = seededRandom(17);
const below = (limit: number) => randomInt(random, limit);

interface State {
  readonly parallelism: number;
  readonly completions: number | undefined;
  readonly indexed: boolean;
  readonly suspend: boolean;
  /** Of active pods; the same index may stand twice, or out of range. */
  readonly active: readonly number[];
  readonly done: readonly number[];
  readonly failed: readonly number[];
  readonly backoffMs: number;
}

function randomState(): State {
  const indexed = below(2) === 0;
  const completions = indexed ? 1 + below(6) : below(3) === 0 ? undefined : 1 + below(6);
  const indexes = Array.from({ length: completions ?? 0 }, (_, i) => i);
  const done = indexes.filter(() => below(4) === 0);
  return {
    parallelism: below(6),
    completions,
    indexed,
    suspend: below(8) === 0,
    active: Array.from({ length: below(6) }, () => below(7)),
    done,
    failed: indexed ? indexes.filter((i) => !done.includes(i) && below(6) === 0) : [],
    backoffMs: below(4) === 0 ? 1000 : 0,
  };
}

const podOf = (index: number, i: number) =>
  ({
    metadata: {
      name: `p${i}`,
      uid: `u${i}`,
      creationTimestamp: "2026-01-01T00:00:00Z",
      annotations: { [INDEX]: String(index) },
    },
    spec: { containers: [] },
    status: { phase: "Pending" },
  }) as unknown as Pod;

function plan(state: State) {
  const { parallelism, completions, indexed, suspend, done, failed, backoffMs } = state;
  const active = state.active.map(podOf);
  const job = {
    metadata: { name: "work", uid: "j" },
    spec: { parallelism, completions, suspend, completionMode: indexed ? "Indexed" : "NonIndexed", template: {} },
    status: {},
  } as unknown as Job;
  const counts = {
    succeeded: done.length,
    failed: failed.length,
    completedIndexes: new Set(done),
    failedIndexes: new Set(failed),
  } as unknown as Counts;
  const sorted = { active, ready: 0, terminating: 0, succeeded: [], failed: [] };
  return { active, ...planJob(job, sorted, counts, backoffMs, 0) };
}

test("what is left and what comes is what the Job may have at once", () => {
  for (let round = 0; round < 4000; round++) {
    const state = randomState();
    const { parallelism, completions, indexed, suspend, done, failed, backoffMs } = state;
    const { active, create, remove, waitMs } = plan(state);
    const told = JSON.stringify(state);
    const kept = active.filter((pod) => !remove.includes(pod));
    if (suspend) {
      assert.deepEqual([kept.length, create.length], [0, 0], told);
      continue;
    }
    const queueIsDone = completions === undefined && done.length > 0;
    const toDo = completions === undefined ? Number.POSITIVE_INFINITY : completions - done.length - failed.length;
    const most = queueIsDone ? Math.min(active.length, parallelism) : Math.max(0, Math.min(parallelism, toDo));
    assert.ok(kept.length + create.length <= most || remove.length === 0, told);
    if (remove.length > 0) assert.equal(create.length, 0, "never both at once");
    if (!indexed) {
      assert.equal(kept.length, Math.min(active.length, most), told);
      assert.equal(create.length, backoffMs ? 0 : most - kept.length, told);
    } else {
      const wrong = (index: number) => index >= (completions ?? 0) || done.includes(index) || failed.includes(index);
      const left = kept.map((pod) => Number(pod.metadata.annotations?.[INDEX]));
      assert.ok(!left.some(wrong), `a pod of an index that nobody needs is left: ${told}`);
      assert.equal(new Set(left).size, left.length, `an index has two pods: ${told}`);
      if (remove.length === 0 && !backoffMs) {
        const pending = Array.from({ length: completions ?? 0 }, (_, i) => i).filter(
          (i) => !wrong(i) && !left.includes(i),
        );
        assert.deepEqual(
          create.map(({ index }) => index),
          pending.slice(0, most - left.length),
          told,
        );
      }
    }
    if (backoffMs && remove.length === 0 && most > kept.length) assert.equal(waitMs, backoffMs, told);
  }
});
