/** CronJobs: their schedule, what they do when the last Job still runs, suspension, and all verbs. */
import assert from "node:assert/strict";
import { cronjobs, jobs } from "@kubets/api/generated/refs";
import { behaviour } from "../behaviour.ts";
import type { BehaviourContext } from "../context.ts";
import { podSpec } from "../objects.ts";
import { everyVerb } from "../verbs.ts";

/** Each minute is as often as a schedule of five fields can be. */
const EACH_MINUTE = "*/1 * * * *";
const TWO_MINUTES = 150_000;

const cronJob = (command: string, more: object = {}) => ({
  schedule: EACH_MINUTE,
  jobTemplate: { spec: { template: { spec: podSpec(command, { restartPolicy: "OnFailure" }) } } },
  ...more,
});
const make = ({ client, namespace }: BehaviourContext, spec: object) =>
  client.create(cronjobs, { metadata: { namespace, name: "tick" }, spec });
const jobsOf = async ({ client, namespace }: BehaviourContext) =>
  (await client.list(jobs, { namespace })).items.filter(({ metadata }) => !metadata.deletionTimestamp);
const scheduled = (t: BehaviourContext, count: number) =>
  t.until(cronjobs, "tick", `${count} active jobs`, (it) => it?.status.active?.length === count, TWO_MINUTES);

behaviour(
  "[sig-apps] CronJob should not schedule jobs when suspended [Slow] [Conformance]",
  { on: "simulated", timeoutSeconds: 240 },
  async (t) => {
    await make(t, cronJob("sleep 3600", { suspend: true }));
    // Another one, made at the same time, shows that its minute has come and gone.
    const { client, namespace } = t;
    await client.create(cronjobs, { metadata: { namespace, name: "witness" }, spec: cronJob("sleep 3600") });
    await t.until(
      cronjobs,
      "witness",
      "the witness to be scheduled",
      (it) => it?.status.active?.length === 1,
      TWO_MINUTES,
    );
    const { status } = await client.get(cronjobs, { namespace, name: "tick" });
    assert.deepEqual([status.active?.length ?? 0, status.lastScheduleTime], [0, undefined]);
    assert.equal((await jobsOf(t)).filter(({ metadata }) => metadata.name.startsWith("tick-")).length, 0);
  },
);

behaviour(
  "[sig-apps] CronJob should not schedule new jobs when ForbidConcurrent [Slow] [Conformance]",
  { on: "simulated", timeoutSeconds: 300 },
  async (t) => {
    await make(t, cronJob("sleep 3600", { concurrencyPolicy: "Forbid" }));
    const first = await scheduled(t, 1);
    const { client, namespace } = t;
    await client.create(cronjobs, { metadata: { namespace, name: "witness" }, spec: cronJob("sleep 3600") });
    await t.until(cronjobs, "witness", "the next minute", (it) => it?.status.active?.length, TWO_MINUTES);
    const { status } = await client.get(cronjobs, { namespace, name: "tick" });
    assert.deepEqual(status.active, first.status.active);
    assert.equal((await jobsOf(t)).filter(({ metadata }) => metadata.name.startsWith("tick-")).length, 1);
  },
);

behaviour(
  "[sig-apps] CronJob should replace jobs when ReplaceConcurrent [Conformance]",
  { on: "simulated", timeoutSeconds: 300 },
  async (t) => {
    await make(t, cronJob("sleep 3600", { concurrencyPolicy: "Replace" }));
    const first = await scheduled(t, 1);
    const old = first.status.active?.[0]?.name;
    const next = await t.until(
      cronjobs,
      "tick",
      "another job in place of the first",
      (it) => it?.status.active?.length === 1 && it.status.active[0]?.name !== old,
      TWO_MINUTES,
    );
    assert.notEqual(next.status.active?.[0]?.uid, first.status.active?.[0]?.uid);
    await t.untilGone(jobs, old ?? "");
    assert.equal((await jobsOf(t)).length, 1);
  },
);

behaviour("[sig-apps] CronJob should support CronJob API operations [Conformance]", { on: "api" }, async (t) => {
  const rare = cronJob("true", { schedule: "0 0 31 2 *" });
  await everyVerb(t, cronjobs, (name, labels) => ({
    metadata: { namespace: t.namespace, name, labels },
    spec: rare,
  }));
  await make(t, rare);
  const path = `/apis/batch/v1/namespaces/${t.namespace}/cronjobs/tick/status`;
  const at = new Date(Math.floor(Date.now() / 1000) * 1000).toISOString().replace(".000", "");
  const patch = { metadata: { annotations: { patchedstatus: "true" } }, status: { lastScheduleTime: at } };
  const patched = await t.request("PATCH", path, patch, { "content-type": "application/merge-patch+json" });
  assert.deepEqual([patched.status, patched.json.status.lastScheduleTime], [200, at]);
  await t.eventually("an update of the status", async () => {
    const { json } = await t.request("GET", path);
    return (
      (await t.request("PUT", path, { ...json, status: { ...json.status, lastSuccessfulTime: at } })).status === 200
    );
  });
  const read = await t.request("GET", path);
  assert.deepEqual(
    [read.status, read.json.status.lastScheduleTime, read.json.metadata.annotations.patchedstatus],
    [200, at, "true"],
  );
});
