import assert from "node:assert/strict";
import { test } from "node:test";
import { pod } from "@kubets/api/testing/pod-builder";
import { VirtualClock } from "@kubets/machinery";
import type { Plugin } from "../framework/plugin.ts";
import { prioritySort } from "../plugins/priority-sort/plugin.ts";
import { SchedulingQueue } from "./scheduling-queue.ts";

const picky: Plugin = {
  name: "Picky",
  hints: [
    { events: ["node/add"], hint: (_, __, now) => (now === "good" ? "queue" : "skip") },
    { events: ["pod/self"] },
  ],
};

function queueOf() {
  const clock = new VirtualClock();
  const held = new Set<string>();
  const queue = new SchedulingQueue({
    clock,
    compare: (a, b) => prioritySort.queueSort?.(a, b) ?? 0,
    plugins: [picky],
    gate: ({ metadata }) => (held.has(metadata.name) ? { plugin: "Gate", reasons: ["held"] } : undefined),
    ready: () => {},
  });
  const pop = () => queue.pop()?.pod.metadata.name;
  return { clock, queue, held, pop };
}

const refuse = (queue: SchedulingQueue, ...plugins: string[]) => {
  const entry = queue.pop();
  assert.ok(entry);
  queue.putBackRefused(entry, new Set(plugins));
};

test("the best comes first; a pod that is deleted comes no more", () => {
  const { queue, pop } = queueOf();
  for (const made of [pod("a").priority(1), pod("b").priority(3), pod("c").priority(2)]) queue.add(made.build());
  queue.delete("uid-c");
  assert.deepEqual([pop(), pop(), pop()], ["b", "a", undefined]);
});

test("a refused pod waits for what its plugin waits for, and backs off", async () => {
  const { queue, clock, pop } = queueOf();
  queue.add(pod("a").build());
  refuse(queue, "Picky");
  queue.moveAll("node/delete", undefined, undefined);
  queue.moveAll("node/add", undefined, "bad");
  assert.deepEqual([queue.counts.unschedulable, pop()], [1, undefined]);
  queue.moveAll("node/add", undefined, "good");
  assert.deepEqual(queue.counts, { active: 0, backoff: 1, unschedulable: 0, gated: 0 });
  await clock.advance(1000);
  assert.deepEqual(queue.counts, { active: 1, backoff: 0, unschedulable: 0, gated: 0 });
  assert.equal(pop(), "a");
});

test("with nothing else to do a refused pod is tried before its backoff ends, a failed one is not", async () => {
  const { queue, clock, pop } = queueOf();
  queue.add(pod("a").build());
  refuse(queue, "Picky");
  queue.moveAll("node/add", undefined, "good");
  const entry = queue.pop();
  assert.equal(entry?.uid, "uid-a");
  if (entry) queue.putBackFailed(entry);
  assert.equal(pop(), undefined);
  await clock.advance(2000);
  assert.equal(pop(), "a");
});

test("a change that comes while a pod is tried is not missed", async () => {
  const { queue, clock, pop } = queueOf();
  const tried = () => queue.pop() as NonNullable<ReturnType<typeof queue.pop>>;
  queue.add(pod("a").build());
  let entry = tried();
  queue.moveAll("node/delete", undefined, undefined);
  queue.putBackRefused(entry, new Set(["Picky"]));
  assert.equal(queue.counts.unschedulable, 1, "not its kind of change");
  queue.activate("uid-a");
  entry = tried();
  queue.moveAll("node/add", undefined, "good");
  queue.putBackRefused(entry, new Set(["Picky"]));
  await clock.advance(2000);
  assert.equal(queue.counts.active, 1);
  entry = tried();
  queue.update(pod("a").labels({ x: "y" }).build(), entry.pod, true);
  queue.putBackRefused(entry, new Set(["Picky"]));
  await clock.advance(4000);
  assert.equal(pop(), "a");
});

test("backoff doubles up to its limit", async () => {
  const { queue, clock } = queueOf();
  queue.add(pod("a").build());
  for (const seconds of [1, 2, 4, 8, 10, 10]) {
    const entry = queue.pop();
    assert.ok(entry);
    queue.putBackFailed(entry);
    await clock.advance(seconds * 1000 - 1);
    assert.equal(queue.isEmpty, true, `before ${seconds} s`);
    await clock.advance(1);
    assert.equal(queue.isEmpty, false, `after ${seconds} s`);
  }
});

test("after five minutes a pod is tried without a cause", async () => {
  const { queue, clock, pop } = queueOf();
  queue.add(pod("a").build());
  refuse(queue, "Picky");
  await clock.advance(4 * 60_000);
  assert.equal(pop(), undefined);
  await clock.advance(91_000);
  assert.equal(pop(), "a");
});

test("a held pod waits for its own change, and never by the clock", async () => {
  const { queue, clock, held, pop } = queueOf();
  held.add("a");
  queue.add(pod("a").build());
  queue.moveAll("node/add", undefined, "good");
  await clock.advance(600_000);
  assert.equal(pop(), undefined);
  held.delete("a");
  queue.update(pod("a").labels({ x: "y" }).build(), pod("a").build(), true);
  assert.equal(pop(), "a");
});

test("a pod that was deleted while it was tried does not come back", () => {
  const { queue, pop } = queueOf();
  queue.add(pod("a").build());
  const entry = queue.pop();
  queue.delete("uid-a");
  if (entry) queue.putBackFailed(entry);
  assert.deepEqual([pop(), queue.counts], [undefined, { active: 0, backoff: 0, unschedulable: 0, gated: 0 }]);
});
