import assert from "node:assert/strict";
import { test } from "node:test";
import type { DaemonSet, Deployment, StatefulSet } from "@kubets/api/generated/types/apps-v1";
import type { Job } from "@kubets/api/generated/types/batch-v1";
import {
  counts,
  daemonSetProgress,
  deploymentProgress,
  jobProgress,
  statefulSetProgress,
  strategyText,
} from "./workload-state.ts";

const deployment = (status: object, spec: object = {}, generation = 1) =>
  ({
    metadata: { generation },
    spec: { replicas: 2, ...spec },
    status: { observedGeneration: 1, replicas: 2, updatedReplicas: 2, availableReplicas: 2, ...status },
  }) as unknown as Deployment;

test("a deployment is complete once all pods are of its last template and available", () => {
  const isComplete = (...args: Parameters<typeof deployment>) => deploymentProgress(deployment(...args)).isComplete;
  assert.equal(isComplete({}), true);
  assert.equal(isComplete({ availableReplicas: 1 }), false);
  assert.equal(isComplete({ updatedReplicas: 1 }), false);
  assert.equal(isComplete({ replicas: 3 }), false, "an old pod is still there");
  assert.equal(isComplete({}, {}, 2), false, "the last change was not seen yet");
  assert.equal(
    isComplete({ replicas: 0, updatedReplicas: undefined, availableReplicas: undefined }, { replicas: 0 }),
    true,
  );
});

test("a deployment that does not get on says why", () => {
  const failed = { type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded", message: "too slow" };
  const { isComplete, why } = deploymentProgress(deployment({ conditions: [failed] }));
  assert.deepEqual([isComplete, why], [false, "ProgressDeadlineExceeded: too slow"]);
});

test("sets are complete once their pods are ready", () => {
  const set = (readyReplicas: number) =>
    statefulSetProgress({ metadata: {}, spec: { replicas: 3 }, status: { readyReplicas } } as unknown as StatefulSet);
  assert.deepEqual([set(2).isComplete, set(3).isComplete], [false, true]);
  const daemons = (numberAvailable: number, updatedNumberScheduled = 2) =>
    daemonSetProgress({
      metadata: {},
      status: { desiredNumberScheduled: 2, numberAvailable, updatedNumberScheduled },
    } as unknown as DaemonSet);
  assert.deepEqual([daemons(1).isComplete, daemons(2).isComplete, daemons(2, 1).isComplete], [false, true, false]);
});

test("a job is trouble only once it failed", () => {
  const job = (conditions: object[]) => jobProgress({ spec: {}, status: { conditions } } as unknown as Job);
  assert.equal(job([]).isComplete, true);
  const { isComplete, why } = job([
    { type: "Failed", status: "True", reason: "BackoffLimitExceeded", message: "often" },
  ]);
  assert.deepEqual([isComplete, why], [false, "BackoffLimitExceeded: often"]);
});

test("what a workload counts, and how it changes its pods", () => {
  const each = deployment({}, { strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%" } } });
  assert.deepEqual(counts("Deployment", each), { wanted: 2, current: 2, "up to date": 2, ready: 0, available: 2 });
  assert.deepEqual(Object.keys(counts("ReplicaSet", each)), ["wanted", "current", "ready", "available"]);
  assert.equal(strategyText("Deployment", each), "RollingUpdate, maxSurge 25%");
  assert.equal(strategyText("ReplicaSet", each), "");
});
