import assert from "node:assert/strict";
import { test } from "node:test";
import { manualJob, nameForJob } from "./manual-job.ts";

test("the job that a cron job makes by hand", () => {
  const spec = { template: { spec: {} } };
  const cronJob = {
    metadata: { namespace: "default", name: "tick", uid: "u" },
    spec: { jobTemplate: { metadata: { labels: { app: "tick" }, annotations: { note: "kept" } }, spec } },
  };
  assert.deepEqual(manualJob(cronJob, "tick-now"), {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      name: "tick-now",
      namespace: "default",
      labels: { app: "tick" },
      annotations: { "cronjob.kubernetes.io/instantiate": "manual", note: "kept" },
      ownerReferences: [{ apiVersion: "batch/v1", kind: "CronJob", name: "tick", uid: "u", controller: true }],
    },
    spec,
  });
});

test("names of jobs fit into a label", () => {
  const name = (cronJob: string) => nameForJob({ metadata: { name: cronJob } }, "abcde");
  assert.equal(name("tick"), "tick-manual-abcde");
  assert.equal(name("x".repeat(52)).length, 63);
  assert.equal(name(`${"x".repeat(49)}-yy`), `${"x".repeat(49)}-manual-abcde`);
});
