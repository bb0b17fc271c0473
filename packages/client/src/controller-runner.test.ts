import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { configmaps, pods } from "@kubets/api/generated/refs";
import { type LogFields, type Logger, seededRandom, silentLogger, sleep, VirtualClock } from "@kubets/machinery";
import { MetricsRegistry } from "@kubets/machinery/metrics";
import { workQueueMetrics } from "@kubets/machinery/work-queue-metrics";
import { type Controller, on, onOwned, TerminalError } from "./controller.ts";
import { runControllers } from "./controller-runner.ts";
import type { EventRecorder } from "./event-recorder.ts";
import { SharedInformers } from "./informer/shared-informers.ts";
import { MemoryApi } from "./testing/memory-api.ts";
import { createClient } from "./typed-client.ts";

const noEvents: EventRecorder = { event() {}, as: () => noEvents };

function newFixture(t: TestContext) {
  const clock = new VirtualClock();
  const random = seededRandom(1);
  const api = new MemoryApi();
  const client = createClient(api);
  const stopping = new AbortController();
  const { signal } = stopping;
  t.after(() => stopping.abort());
  const logged: string[] = [];
  const line =
    (level: string) =>
    (message: string, { key }: LogFields = {}) =>
      void logged.push(`${level}: ${message}${key ? ` ${String(key)}` : ""}`);
  const log: Logger = { ...silentLogger, error: line("error"), info: line("info"), with: () => log };
  const cache = new SharedInformers({ client, clock, random, log: silentLogger, signal });
  const measured: string[] = [];
  const registry = new MetricsRegistry();
  const metrics = {
    reconciled: (name: string, outcome: string) => void measured.push(`${name} ${outcome}`),
    queue: workQueueMetrics(registry, clock),
  };
  const run = (...controllers: Controller[]) =>
    runControllers(controllers, { client, cache, clock, random, log, events: noEvents, signal, metrics });
  const create = (name: string, ownerReferences?: object[]) =>
    client.create(configmaps, { metadata: { namespace: "ns", name, ...(ownerReferences && { ownerReferences }) } });
  return { clock, api, client, stopping, logged, measured, registry, cache, run, create };
}

describe("runControllers", () => {
  it("reconciles what is there and what changes, once informers have synced", async (t) => {
    const { clock, client, cache, run, create } = newFixture(t);
    await create("a");
    const told: string[] = [];
    const running = run({
      name: "test",
      watches: [on(configmaps), onOwned(pods, configmaps)],
      start: () => void told.push(`start with ${cache.list(configmaps).length}`),
      async reconcile(key, context) {
        told.push(`${key} ${context.cache.get(configmaps, key) ? "there" : "gone"}`);
      },
    });
    await clock.advance(10);
    await running.started;
    await create("b");
    await clock.advance(10);
    const ownerReferences = [{ apiVersion: "v1", kind: "ConfigMap", name: "b", uid: "x", controller: true }];
    await client.create(pods, { metadata: { namespace: "ns", name: "p", ownerReferences } });
    await client.delete(configmaps, { namespace: "ns", name: "a" });
    await clock.advance(10);
    assert.deepEqual(told.slice(0, 3), ["start with 1", "ns/a there", "ns/b there"]);
    assert.deepEqual(told.slice(3).sort(), ["ns/a gone", "ns/b there"]);
  });

  it("does not begin before all informers have synced", async (t) => {
    const { clock, api, run, create } = newFixture(t);
    await create("a");
    api.failNext(new Error("connection refused"));
    const told: string[] = [];
    run({ name: "test", watches: [on(configmaps), on(pods)], reconcile: async (key) => void told.push(key) });
    await clock.advance(700);
    assert.deepEqual(told, []);
    await clock.advance(2000);
    assert.deepEqual(told, ["ns/a"]);
  });

  it("tries again what throws, with backoff, and not what is terminal", async (t) => {
    const { clock, run, create, logged, measured, registry } = newFixture(t);
    await create("bad");
    await create("hopeless");
    const tried: Record<string, number[]> = {};
    run({
      name: "test",
      watches: [on(configmaps)],
      async reconcile(key) {
        const times = (tried[key] ??= []);
        times.push(clock.monotonic());
        if (key === "ns/hopeless") throw new TerminalError("never");
        if (times.length < 4) throw new Error("not yet");
      },
    });
    await clock.advance(1000);
    const [first = 0, ...later] = tried["ns/bad"] ?? [];
    assert.deepEqual(
      later.map((time) => time - first),
      [5, 15, 35],
    );
    assert.equal(tried["ns/hopeless"]?.length, 1);
    assert.equal(logged.filter((text) => text === "error: a reconcile failed; trying again ns/bad").length, 3);
    assert.ok(logged.includes("error: a reconcile failed for good ns/hopeless"));
    assert.deepEqual(measured.sort(), ["test done", "test failed", "test failed", "test failed", "test terminal"]);
    const told = [...registry.expose()].join("");
    assert.match(told, /^workqueue_adds_total\{name="test"\} 5$/m);
    assert.match(told, /^workqueue_retries_total\{name="test"\} 3$/m);
    assert.match(told, /^workqueue_depth\{name="test"\} 0$/m);
  });

  it("runs again after the time that a reconcile asks for, and when told to", async (t) => {
    const { clock, run, create, measured } = newFixture(t);
    await create("a");
    const times: string[] = [];
    run({
      name: "test",
      watches: [on(configmaps)],
      start: ({ enqueue }) => enqueue("periodic", 30_000),
      async reconcile(key) {
        times.push(`${key} ${clock.monotonic()}`);
        if (times.length === 1) return { requeueAfterMs: 60_000 };
      },
    });
    await clock.advance(120_000);
    assert.deepEqual(times, ["ns/a 0", "periodic 30000", "ns/a 60000"]);
    assert.deepEqual(measured, ["test requeued", "test done", "test done"]);
  });

  it("lets a key rest for as long as its reconcile took, a second at most, and gathers what changes", async (t) => {
    const { clock, run, create } = newFixture(t);
    await create("a");
    const times: number[] = [];
    run({
      name: "test",
      watches: [on(configmaps)],
      async reconcile(key, { enqueue }) {
        times.push(clock.monotonic());
        enqueue(key);
        await sleep(clock, times.length === 1 ? 40 : 3000);
        enqueue(key);
      },
    });
    await clock.advance(7000);
    assert.deepEqual(times, [0, 80, 4080]);
  });

  it("never works on a key twice at once, and on as many keys as it has workers", async (t) => {
    const { clock, client, run, create } = newFixture(t);
    for (const name of ["a", "b", "c"]) await create(name);
    const inWork = new Set<string>();
    let most = 0;
    let runs = 0;
    run({
      name: "test",
      workers: 2,
      watches: [on(configmaps)],
      async reconcile(key, context) {
        assert.ok(!inWork.has(key));
        inWork.add(key);
        most = Math.max(most, inWork.size);
        await new Promise<void>((resolve) => void context.clock.after(100, resolve));
        inWork.delete(key);
        runs++;
      },
    });
    await clock.advance(10);
    await client.patch(configmaps, { namespace: "ns", name: "a" }, { type: "merge", body: { data: {} } });
    await clock.advance(1000);
    assert.equal(most, 2);
    assert.equal(runs, 4);
  });

  it("stops when told, after what is in work", async (t) => {
    const { clock, stopping, run, create } = newFixture(t);
    await create("a");
    const told: string[] = [];
    const running = run({
      name: "test",
      workers: 1,
      watches: [on(configmaps)],
      async reconcile(key, { enqueue }) {
        enqueue("later");
        await new Promise<void>((resolve) => void clock.after(500, resolve));
        told.push(key);
      },
      stop: () => void told.push("stop"),
    });
    await clock.advance(100);
    stopping.abort();
    await create("b");
    void running.stopped.then(() => told.push("stopped"));
    await clock.advance(300);
    assert.deepEqual(told, []);
    await clock.advance(10_000);
    assert.deepEqual(told, ["ns/a", "stop", "stopped"]);
  });

  it("stops while informers cannot sync", async (t) => {
    const { clock, api, stopping, run } = newFixture(t);
    api.failNext(...Array.from({ length: 100 }, () => new Error("connection refused")));
    const running = run({ name: "test", watches: [on(configmaps)], reconcile: async () => {} });
    await clock.advance(5000);
    stopping.abort();
    await running.stopped;
  });
});
