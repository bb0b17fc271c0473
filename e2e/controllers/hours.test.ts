/** Hours of schedules and deadlines on the virtual clock: they take moments, and go the same way each time. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { cronjobs, events, jobs, pods } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { startCluster } from "./cluster.ts";

const MINUTE = 60_000;
const HOURS = 3;

/** What was written and told in that time, in order. */
async function run(): Promise<{ writes: readonly string[]; told: readonly string[]; left: readonly string[] }> {
  const fate = ({ metadata }: Pod) => (metadata.name.startsWith("slow") ? "running" : "succeeded");
  const cluster = await startCluster({
    fate,
    controllers: ["cronjob", "job", "ttl-after-finished", "garbagecollector"],
  });
  cluster.node.silent = true;
  try {
    const make = (name: string, schedule: string, job: object) =>
      cluster.create(cronjobs, {
        metadata: { namespace: "default", name },
        spec: {
          schedule,
          jobTemplate: {
            spec: {
              template: {
                spec: {
                  restartPolicy: "Never",
                  terminationGracePeriodSeconds: 0,
                  containers: [{ name: "c", image: "i" }],
                },
              },
              ...job,
            },
          },
        },
      } as never);
    await make("often", "*/5 * * * *", { ttlSecondsAfterFinished: 60 });
    await make("slow", "0 * * * *", { activeDeadlineSeconds: 600, backoffLimit: 0 });
    for (let minute = 0; minute < HOURS * 60; minute++) {
      await cluster.clock.advance(MINUTE);
      for (let i = 0; i < 50; i++) await new Promise(setImmediate);
    }
    await cluster.at(5000);
    return {
      writes: [...cluster.writes],
      told: (await cluster.list(events)).map(({ reason, involvedObject }) => `${reason} ${involvedObject.name}`),
      left: [...(await cluster.list(jobs)), ...(await cluster.list(pods))].map(({ metadata }) => metadata.name),
    };
  } finally {
    await cluster.stop();
  }
}

test(`${HOURS} hours of CronJobs and deadlines, twice alike`, { timeout: 180_000 }, async () => {
  const first = await run();
  assert.equal(first.writes.filter((write) => /^POST .*\/jobs$/.test(write)).length, HOURS * 13);
  // Of the last hour: events go by themselves after one.
  assert.equal(first.told.filter((each) => each.startsWith("DeadlineExceeded slow-")).length, 1);
  assert.equal(first.told.filter((each) => each === "SuccessfulCreate often").length, 1);
  assert.ok(first.left.filter((name) => name.startsWith("often-")).length <= 2, "what is over goes after a minute");
  assert.deepEqual(await run(), first);
});
