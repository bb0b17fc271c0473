import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom, silentLogger, VirtualClock } from "@kubets/machinery";
import { POD_UID } from "../runtime/names.ts";
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
