import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom, silentLogger, VirtualClock } from "@kubets/machinery";
import { CONTAINER_NAME, POD_UID, RESTART_COUNT } from "../runtime/names.ts";
import type { Runtime, Sandbox } from "../runtime/runtime.ts";
import { RuntimeCache } from "./runtime-cache.ts";

test("a runtime that tells of an end before it knows of it itself is asked again until it does", async () => {
  const clock = new VirtualClock();
  let tell: (uid: string) => void = () => {};
  let ready = true;
  const sandbox = (): Sandbox => ({
    id: "s",
    ready,
    createdAt: 0,
    attempt: 0,
    name: "a",
    namespace: "default",
    uid: "u",
    labels: { [POD_UID]: "u" },
    annotations: {},
    handler: "",
  });
  const runtime = {
    listSandboxes: async () => [sandbox()],
    listContainers: async () => [],
    sandboxStatus: async () => ({ ...sandbox(), ips: ["10.0.0.1"] }),
    watch: async (changed: (uid: string) => void, signal: AbortSignal) => {
      tell = changed;
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    },
  } as unknown as Runtime;
  const stop = new AbortController();
  const changes: number[] = [];
  const cache = new RuntimeCache({
    runtime,
    clock,
    random: seededRandom(1),
    log: silentLogger,
    signal: stop.signal,
    changed: () => changes.push(clock.monotonic()),
  });
  await cache.start();
  await clock.advance(10_000);
  changes.length = 0;
  const told = clock.monotonic();
  tell("");
  await clock.advance(2000);
  ready = false;
  for (let i = 0; i < 50; i++) await clock.advance(100);
  assert.equal(changes.length, 1);
  assert.ok((changes[0] ?? Infinity) - told < 7000, `seen after ${(changes[0] ?? Infinity) - told} ms`);
  stop.abort();
});

test("what was just made is known by its own status, and a reading from before does not undo it", async () => {
  const clock = new VirtualClock();
  const labels = { [POD_UID]: "u", [CONTAINER_NAME]: "c" };
  const about = { id: "s", ready: true, createdAt: 1, attempt: 0, name: "a", namespace: "default", uid: "u", labels };
  const sandbox = { ...about, annotations: {}, handler: "", ips: ["10.0.0.1"] };
  let answer: (listed: readonly Sandbox[]) => void = () => {};
  let lists = 0;
  const runtime = {
    listSandboxes: () => {
      lists++;
      return new Promise<readonly Sandbox[]>((resolve) => (answer = resolve));
    },
    listContainers: async () => [],
    sandboxStatus: async () => sandbox,
    containerStatus: async (id: string) => ({ id, phase: "running", createdAt: 2, labels: {}, annotations: {} }),
  } as unknown as Runtime;
  const signal = new AbortController().signal;
  const random = seededRandom(1);
  const cache = new RuntimeCache({ runtime, clock, random, log: silentLogger, signal, changed: () => {} });
  const before = cache.refresh("u");
  await cache.madeSandbox("u", "s");
  await cache.madeContainer("u", { id: "k", sandboxId: "s", labels, annotations: { [RESTART_COUNT]: "3" } });
  assert.equal(lists, 1);
  answer([]);
  const state = await before;
  assert.deepEqual(state.sandboxes, [sandbox]);
  assert.deepEqual(
    state.containers.map(({ id, name, attempt, sandboxId, phase }) => [id, name, attempt, sandboxId, phase]),
    [["k", "c", 3, "s", "running"]],
  );
});
