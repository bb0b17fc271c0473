/** Jobs and CronJobs against the real API server on a virtual clock. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { cronjobs, events, jobs, pods } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { type TestCluster, withCluster } from "./cluster.ts";

const work = (more: object = {}) => ({
  metadata: { namespace: "default", name: "work" },
  spec: { template: { spec: { restartPolicy: "Never", containers: [{ name: "c", image: "a" }] } }, ...more },
});
const conditions = async ({ get }: TestCluster) =>
  ((await get(jobs, "work")).status.conditions ?? []).map(({ type, status, reason }) => `${type} ${status} ${reason}`);
const ends = (cluster: TestCluster, condition: string) =>
  cluster.until(async () => (await conditions(cluster)).includes(condition), 3_600_000);

test("a Job counts its pods exactly, and lets them go", () =>
  withCluster({ fate: () => "succeeded" }, async (cluster) => {
    await cluster.create(jobs, work({ completions: 5, parallelism: 2 }));
    await ends(cluster, "Complete True CompletionsReached");
    const { status } = await cluster.get(jobs, "work");
    assert.deepEqual(
      [status.succeeded, status.failed, status.active, status.uncountedTerminatedPods],
      [5, undefined, undefined, {}],
    );
    assert.deepEqual(await conditions(cluster), [
      "SuccessCriteriaMet True CompletionsReached",
      "Complete True CompletionsReached",
    ]);
    const made = await cluster.list(pods);
    assert.equal(made.length, 5);
    assert.ok(made.every(({ metadata }) => !metadata.finalizers?.length));
    const told = (await cluster.list(events))
      .filter(({ involvedObject }) => involvedObject.kind === "Job")
      .map(({ reason }) => reason);
    assert.equal(told.at(-1), "Completed");
    const writes = cluster.writes.length;
    await cluster.at(60_000);
    assert.deepEqual(cluster.writes.slice(writes), []);
  }));

test("a Job that fails too often says so, waiting longer after each failure", () =>
  withCluster({ fate: () => "failed" }, async (cluster) => {
    await cluster.create(jobs, work({ backoffLimit: 2 }));
    const began = cluster.clock.now();
    await ends(cluster, "Failed True BackoffLimitExceeded");
    assert.equal((await cluster.get(jobs, "work")).status.failed, 3);
    assert.ok(cluster.clock.now() - began >= 30_000, "10 s and then 20 s are waited");
  }));

test("an indexed Job tries each index by itself, and says which failed", () => {
  const fate = ({ metadata }: Pod) =>
    metadata.annotations?.["batch.kubernetes.io/job-completion-index"] === "1" ? "failed" : "succeeded";
  return withCluster({ fate }, async (cluster) => {
    await cluster.create(
      jobs,
      work({ completions: 4, parallelism: 4, completionMode: "Indexed", backoffLimitPerIndex: 1 }),
    );
    await ends(cluster, "Failed True FailedIndexes");
    const { status } = await cluster.get(jobs, "work");
    assert.deepEqual(
      [status.completedIndexes, status.failedIndexes, status.succeeded, status.failed],
      ["0,2,3", "1", 3, 2],
    );
    const counts = (await cluster.list(pods))
      .filter((pod) => fate(pod) === "failed")
      .map(({ metadata }) => metadata.annotations?.["batch.kubernetes.io/job-index-failure-count"]);
    assert.deepEqual(
      counts.toSorted((a = "", b = "") => a.localeCompare(b)),
      ["0", "1"],
    );
  });
});

test("a suspended Job has no pods until it is resumed", () =>
  withCluster({ fate: () => "running" }, async (cluster) => {
    await cluster.create(jobs, work({ parallelism: 2, suspend: true }));
    await cluster.until(async () => (await conditions(cluster)).includes("Suspended True JobSuspended"));
    assert.equal((await cluster.list(pods)).length, 0);
    await cluster.client.patch(
      jobs,
      { namespace: "default", name: "work" },
      { type: "merge", body: { spec: { suspend: false } } },
    );
    await cluster.until(async () => (await cluster.get(jobs, "work")).status.active === 2);
    assert.deepEqual(await conditions(cluster), ["Suspended False JobResumed"]);
    await cluster.client.patch(
      jobs,
      { namespace: "default", name: "work" },
      { type: "merge", body: { spec: { activeDeadlineSeconds: 30 } } },
    );
    await ends(cluster, "Failed True DeadlineExceeded");
  }));

test("a CronJob makes a Job each minute and keeps the last ones", () =>
  withCluster({ fate: () => "succeeded" }, async (cluster) => {
    const spec = { schedule: "* * * * *", successfulJobsHistoryLimit: 2, jobTemplate: { spec: work().spec } };
    await cluster.create(cronjobs, { metadata: { namespace: "default", name: "tick" }, spec });
    await cluster.at(5 * 60_000 + 5000);
    assert.deepEqual(
      (await cluster.list(jobs)).map(({ metadata }) => metadata.name),
      [4, 5].map((minute) => `tick-${Date.UTC(2026, 0, 1) / 60_000 + minute}`),
    );
    const { status } = await cluster.get(cronjobs, "tick");
    assert.deepEqual([status.active, status.lastScheduleTime], [undefined, "2026-01-01T00:05:00Z"]);
  }));
