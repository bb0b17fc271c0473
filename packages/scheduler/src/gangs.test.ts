import assert from "node:assert/strict";
import { test } from "node:test";
import { podgroups, pods } from "@kubets/api/generated/refs";
import { node } from "@kubets/api/testing/node-builder";
import { pod } from "@kubets/api/testing/pod-builder";
import { seededRandom } from "@kubets/machinery";
import { randomInt } from "@kubets/machinery/random";
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
const WAITING = "pod group is unschedulable, pod group is waiting for preemption to complete";
const nowhere = ["a -> ?", "b -> ?", "c -> ?"];

test("a gang of three gets its places when there are three, and not one before", () =>
  scheduling(async (run) => {
    const { cluster, clock, settle, scheduler } = run;
    cluster.put(room("n1", "2"), podGroup("g", 3), ...members());
    await settle();
    assert.deepEqual(cluster.placements(), nowhere);
    assert.equal(scheduler.cluster.node("n1")?.pods.length, 0, "what nobody stands on is free");
    assert.deepEqual(condition(run), ["PodGroupScheduled False Unschedulable"]);
    const waits = "pod group is unschedulable, waiting for minCount pods from a gang to be scheduled";
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

test("one that has a place waits with the one for which room is made", () =>
  scheduling(async ({ cluster, clock, settle }) => {
    const low = pod("low").on("n1").requests({ cpu: "1" }).build();
    const [a, b] = ["a", "b"].map((name) => member(name).priority(9).build());
    cluster.put(room("n1", "1"), room("n2", "1"), low, podGroup("g", 2), a as never, b as never);
    await settle();
    assert.ok(cluster.events.includes(`a: Warning FailedScheduling: ${WAITING}`));
    await clock.advance(20_000);
    await settle();
    assert.deepEqual(cluster.placements(), ["a -> n2", "b -> n1"]);
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

test("whatever comes and goes, no gang stands in part, and none waits while there is room for it", async () => {
  const random = seededRandom(11);
  const below = (limit: number) => randomInt(random, limit);
  for (let round = 0; round < 20; round++)
    await scheduling(async ({ cluster, clock, settle }) => {
      const needed = new Map<string, number>();
      const of = (group: string) =>
        cluster.truth(pods).filter(({ spec }) => spec.schedulingGroup?.podGroupName === group);
      const add = (group: string, name: string) =>
        cluster.put(
          pod(name)
            .requests({ cpu: "1" })
            .spec({ schedulingGroup: { podGroupName: group } })
            .build(),
        );
      let capacity = 0;
      for (let step = 0; step < 12; step++) {
        const kind = below(4);
        const cpu = 1 + below(3);
        if (kind === 0) {
          capacity += cpu;
          cluster.put(room(`n${step}`, String(cpu)));
        } else if (kind === 1) {
          const group = `g${step}`;
          needed.set(group, 1 + below(4));
          const members = (needed.get(group) as number) + below(3) - 1;
          const make = [
            () => cluster.put(podGroup(group, needed.get(group))),
            ...Array.from({ length: members }, (_, i) => () => add(group, `${group}-${i}`)),
          ];
          for (const each of below(2) ? make : make.toReversed()) each();
        } else if (kind === 2) {
          const [group] = [...needed.keys()].slice(below(needed.size || 1));
          if (group) add(group, `${group}-late-${step}`);
        } else {
          // Whole gangs end: what is left of one that lost a part is no gang any more.
          const [group] = [...needed.keys()].slice(below(needed.size || 1));
          for (const { metadata } of of(group ?? "")) cluster.remove("Pod", `default/${metadata.name}`);
        }
        if (below(2)) await settle();
      }
      await settle();
      await clock.advance(15_000);
      await settle();
      const bound = (group: string) => of(group).filter(({ spec }) => spec.nodeName).length;
      const free = capacity - [...needed.keys()].reduce((sum, group) => sum + bound(group), 0);
      for (const [group, count] of needed) {
        const [there, stands] = [of(group).length, bound(group)];
        assert.ok(stands === 0 || stands >= count, `round ${round}: ${stands} of ${group}, which needs ${count}`);
        assert.ok(there < count || stands === there || free < (stands ? 1 : count), `round ${round}: ${group} waits`);
      }
    });
});
