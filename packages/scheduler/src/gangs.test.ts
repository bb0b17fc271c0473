import assert from "node:assert/strict";
import { test } from "node:test";
import { podgroups } from "@kubets/api/generated/refs";
import { node } from "@kubets/api/testing/node-builder";
import { pod } from "@kubets/api/testing/pod-builder";
import { defaultConfig } from "./config/config.ts";
import { podGroup } from "./testing/gangs.ts";
import { type Run, runScheduler } from "./testing/run.ts";

const featureGates = { GenericWorkload: true, GangScheduling: true };
const member = (name: string) =>
  pod(name)
    .requests({ cpu: "1" })
    .spec({ schedulingGroup: { podGroupName: "g" } });
const room = (name: string, cpu: string) => node(name).capacity({ cpu, pods: "10" }).build();
const members = () => ["a", "b", "c"].map((name) => member(name).build());

async function scheduling(body: (run: Run) => Promise<void>): Promise<void> {
  const run = await runScheduler({ featureGates });
  try {
    await body(run);
  } finally {
    run.stop();
  }
}

const condition = ({ cluster }: Run) =>
  cluster.truth(podgroups)[0]?.status?.conditions?.map(({ type, status, reason }) => `${type} ${status} ${reason}`);
const nowhere = ["a -> ?", "b -> ?", "c -> ?"];

test("a gang of three gets its places when there are three, and not one before", () =>
  scheduling(async (run) => {
    const { cluster, clock, settle, scheduler } = run;
    cluster.put(room("n1", "2"), podGroup("g", 3), ...members());
    await settle();
    assert.deepEqual(cluster.placements(), nowhere);
    assert.equal(scheduler.cluster.node("n1")?.pods.length, 0, "what nobody stands on is free");
    assert.deepEqual(condition(run), ["PodGroupScheduled False Unschedulable"]);
    const waits = "waiting for minCount pods from a gang to be scheduled";
    const [first, second, third] = cluster.events;
    assert.deepEqual(
      [first, second],
      ["a", "b"].map((name) => `${name}: Warning FailedScheduling: ${waits}`),
    );
    assert.match(third ?? "", /^c: Warning FailedScheduling: 0\/1 nodes are available: 1 Insufficient cpu/);

    cluster.put(room("n2", "1"));
    await clock.advance(2000);
    await settle();
    assert.deepEqual(
      cluster.placements().map((each) => each.slice(0, 6)),
      ["a -> n", "b -> n", "c -> n"],
    );
    assert.deepEqual(condition(run), ["PodGroupScheduled True Scheduled"]);
  }));

test("pods wait for their group, and for each other, without being tried", () =>
  scheduling(async ({ cluster, settle, scheduler }) => {
    cluster.put(room("n1", "8"), ...members());
    await settle();
    assert.deepEqual(cluster.placements(), nowhere);
    assert.equal(scheduler.queue.counts.gated, 3);
    cluster.put(podGroup("g", 4));
    await settle();
    assert.deepEqual(cluster.placements(), nowhere);
    assert.deepEqual(cluster.events, []);
    cluster.put(member("d").build());
    await settle();
    assert.deepEqual(cluster.placements(), ["a -> n1", "b -> n1", "c -> n1", "d -> n1"]);
  }));

test("more than the gang needs get what places there are; who comes later is not held up", () =>
  scheduling(async ({ cluster, clock, settle }) => {
    cluster.put(room("n1", "2"), podGroup("g", 2), ...members());
    await settle();
    assert.deepEqual(cluster.placements(), ["a -> n1", "b -> n1", "c -> ?"]);
    cluster.put(room("n2", "1"));
    await clock.advance(2000);
    await settle();
    assert.deepEqual(cluster.placements(), ["a -> n1", "b -> n1", "c -> n2"]);
  }));

test("without a gang each pod of a group goes where it can", () =>
  scheduling(async ({ cluster, settle }) => {
    cluster.put(room("n1", "2"), podGroup("g"), ...members());
    await settle();
    assert.deepEqual(cluster.placements(), ["a -> n1", "b -> n1", "c -> ?"]);
  }));

test("others have to go for a gang only where it gets all its places by that", () =>
  scheduling(async (run) => {
    const { cluster, clock, settle } = run;
    const lowly = (name: string, on: string) => pod(name).on(on).requests({ cpu: "1" }).build();
    const lofty = ["a", "b"].map((name) => member(name).priority(9).build());
    cluster.put(room("n1", "1"), lowly("low-1", "n1"), podGroup("g", 2), ...lofty);
    await settle();
    assert.deepEqual(cluster.placements(), ["a -> ?", "b -> ?", "low-1 -> n1"]);
    assert.ok(!cluster.requests.some((request) => request.startsWith("delete")), "nobody goes in vain");

    cluster.put(room("n2", "1"), lowly("low-2", "n2"));
    await clock.advance(20_000);
    await settle();
    assert.deepEqual(
      cluster.placements().map((each) => each.slice(0, 6)),
      ["a -> n", "b -> n"],
    );
    assert.deepEqual(condition(run), ["PodGroupScheduled True Scheduled"]);
  }));

test("a member that is gone leaves the others waiting, and one behind a gate is waited for", () =>
  scheduling(async ({ cluster, settle }) => {
    const gated = member("c").spec({ schedulingGroup: { podGroupName: "g" }, schedulingGates: [{ name: "x" }] });
    cluster.put(room("n1", "8"), podGroup("g", 3), member("a").build(), member("b").build(), gated.build());
    await settle();
    assert.deepEqual(cluster.placements(), nowhere);
    cluster.put(member("c").build());
    await settle();
    assert.deepEqual(cluster.placements(), ["a -> n1", "b -> n1", "c -> n1"]);
  }));

test("pods of one group that ask for different schedulers are not scheduled", async () => {
  const profiles = ["default-scheduler", "other"].map((schedulerName) => ({
    schedulerName,
    plugins: {},
    pluginConfig: {},
  }));
  const run = await runScheduler({ featureGates, config: { ...defaultConfig, profiles } });
  const other = member("b")
    .spec({ schedulingGroup: { podGroupName: "g" }, schedulerName: "other" })
    .build();
  run.cluster.put(room("n1", "8"), podGroup("g", 2), member("a").build(), other);
  await run.settle();
  run.stop();
  assert.deepEqual(run.cluster.placements(), ["a -> ?", "b -> ?"]);
  assert.match(run.cluster.events.join("\n"), /the same .spec.schedulerName set, got: "default-scheduler" and "other"/);
  assert.deepEqual(condition(run), ["PodGroupScheduled False SchedulerError"]);
});
