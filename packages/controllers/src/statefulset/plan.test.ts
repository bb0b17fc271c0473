/** The next steps of a StatefulSet, compared with what the rules say pod by pod, on random states. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { StatefulSet } from "@kubets/api/generated/types/apps-v1";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { seededRandom } from "@kubets/machinery";
import { randomInt } from "@kubets/machinery/random";
import { planSteps } from "./plan.ts";

type State = "missing" | "starting" | "ready" | "ended" | "going";
const STATES: readonly State[] = ["missing", "starting", "ready", "ready", "ready", "ended", "going"];

interface Case {
  readonly replicas: number;
  readonly partition: number;
  readonly parallel: boolean;
  readonly pods: readonly { readonly state: State; readonly revision: "old" | "new" }[];
}

const podOf = (i: number, state: State, revision: string) =>
  ({
    metadata: {
      name: `db-${i}`,
      uid: `u${i}`,
      labels: { "controller-revision-hash": revision },
      ...(state === "going" && { deletionTimestamp: "2026-01-01T00:00:00Z" }),
    },
    spec: {},
    status: {
      phase: state === "ended" ? "Failed" : state === "starting" ? "Pending" : "Running",
      conditions: [{ type: "Ready", status: state === "ready" ? "True" : "False" }],
    },
  }) as unknown as Pod;

function planned({ replicas, partition, parallel, pods }: Case): string[] {
  const set = {
    metadata: { name: "db", uid: "s" },
    spec: {
      replicas,
      podManagementPolicy: parallel ? "Parallel" : "OrderedReady",
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition } },
    },
    status: {},
  } as unknown as StatefulSet;
  const own = pods.flatMap(({ state, revision }, i) => (state === "missing" ? [] : [podOf(i, state, revision)]));
  const steps = planSteps({ set, pods: own, currentRevision: "old", updateRevision: "new", now: 0 });
  return steps.map((step) =>
    step.kind === "create"
      ? `+${step.ordinal} ${step.revision}`
      : `${step.kind === "replace" ? "=" : "-"}${step.pod.metadata.name.slice(3)}`,
  );
}

/** What may be done to each pod, each rule by itself. */
function naive({ replicas, partition, parallel, pods }: Case): string[] {
  const at = (i: number) => pods[i] ?? { state: "missing" as State, revision: "new" as const };
  const within = Array.from({ length: replicas }, (_, i) => i);
  const beyond = pods.map((_, i) => i).filter((i) => i >= replicas && at(i).state !== "missing");
  const isUp = (i: number) => at(i).state === "ready";
  const allUp = (list: readonly number[]) => list.every(isUp);
  const steps: string[] = [];
  for (const i of within) {
    const mayAct = parallel || allUp(within.slice(0, i));
    if (!mayAct) continue;
    if (at(i).state === "missing") steps.push(`+${i} ${i < partition ? "current" : "update"}`);
    if (at(i).state === "ended") steps.push(`=${i}`);
  }
  const unwell = [...within, ...beyond].find((i) => at(i).state !== "missing" && !isUp(i));
  const mayShrink = (i: number) => {
    if (at(i).state === "going") return false;
    if (parallel) return true;
    const higher = beyond.filter((other) => other > i);
    return allUp(within) && higher.length === 0 && (isUp(i) || unwell === i);
  };
  for (const i of beyond.toReversed()) if (mayShrink(i)) steps.push(`-${i}`);
  const settled = allUp(within) && beyond.length === 0;
  if (!parallel && !settled) return steps;
  // Updates: from the highest down to the partition, up to the first that is not up or must go.
  for (const i of within.toReversed().filter((each) => each >= partition)) {
    const { state, revision } = at(i);
    if (state === "missing") continue;
    if (revision === "old" && state !== "going") {
      steps.push(`-${i}`);
      break;
    }
    if (!isUp(i)) break;
  }
  return steps;
}

test("the same steps as the rules allow pod by pod", () => {
  const random = seededRandom(21);
  const oneOf = <T>(items: readonly T[]): T => items[randomInt(random, items.length)] as T;
  for (let round = 0; round < 4000; round++) {
    const given: Case = {
      replicas: randomInt(random, 5),
      partition: randomInt(random, 4),
      parallel: oneOf([true, false]),
      pods: Array.from({ length: randomInt(random, 7) }, () => ({
        state: oneOf(STATES),
        revision: oneOf(["old", "new"] as const),
      })),
    };
    assert.deepEqual(planned(given), naive(given), JSON.stringify(given));
  }
});
