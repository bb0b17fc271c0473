import assert from "node:assert/strict";
import { test } from "node:test";
import { every, realClock, sleep } from "./clock.ts";
import { generateName } from "./generate-name.ts";
import { createLogger, silentLogger } from "./logger.ts";
import { nameSuffix, randomInt, realRandom, seededRandom } from "./random.ts";
import { VirtualClock } from "./virtual-clock.ts";

test("a virtual clock runs what falls due, in order of time and then of creation", async () => {
  const clock = new VirtualClock(0);
  const ran: string[] = [];
  clock.after(20, () => ran.push("c"));
  clock.after(10, () => ran.push("a"));
  clock.after(10, () => ran.push("b"));
  const cancelled = clock.after(15, () => ran.push("never"));
  cancelled.cancel();
  clock.after(-5, () => ran.push("now"));
  assert.deepEqual(ran, []);
  await clock.advance(15);
  assert.deepEqual(ran, ["now", "a", "b"]);
  assert.equal(clock.now(), 15);
  await clock.advance(5);
  assert.deepEqual(ran, ["now", "a", "b", "c"]);
});

test("promise work settles between two timers", async () => {
  const clock = new VirtualClock(0);
  const ran: string[] = [];
  const worker = (async () => {
    await sleep(clock, 10);
    ran.push("first");
    await sleep(clock, 10);
    ran.push("second");
  })();
  clock.after(15, () => ran.push("between"));
  await clock.advance(20);
  await worker;
  assert.deepEqual(ran, ["first", "between", "second"]);
});

test("a thousand timers in any order", async () => {
  const clock = new VirtualClock(0);
  const random = seededRandom(7);
  const ran: number[] = [];
  for (let i = 0; i < 1000; i++) {
    const due = randomInt(random, 500);
    clock.after(due, () => ran.push(due));
  }
  await clock.advance(500);
  assert.deepEqual(
    ran,
    [...ran].sort((a, b) => a - b),
  );
  assert.equal(ran.length, 1000);
});

test("sleeping ends early when aborted", async () => {
  const clock = new VirtualClock();
  const abort = new AbortController();
  const sleeping = sleep(clock, 1000, abort.signal);
  abort.abort(new Error("enough"));
  await assert.rejects(sleeping, /enough/);
  await assert.rejects(sleep(clock, 1000, abort.signal), /enough/);
});

test("every period, until cancelled; and waiting for a condition", async () => {
  const clock = new VirtualClock();
  let times = 0;
  const ticking = every(clock, 100, () => times++);
  await clock.runUntil(() => times === 3);
  assert.equal(clock.monotonic(), 300);
  ticking.cancel();
  await assert.rejects(
    clock.runUntil(() => false),
    /did not come true/,
  );
});

test("the machine's clock", async () => {
  const start = realClock.monotonic();
  await sleep(realClock, 5);
  assert.ok(realClock.monotonic() - start >= 4);
  realClock.after(2 ** 40, () => assert.fail("too early")).cancel();
});

test("a seeded source repeats itself", () => {
  const [a, b] = [seededRandom(1), seededRandom(1)];
  assert.deepEqual([a.float(), a.uuid(), nameSuffix(a)], [b.float(), b.uuid(), nameSuffix(b)]);
  for (const random of [seededRandom(2), realRandom]) {
    assert.match(random.uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.match(generateName(random, "web-"), /^web-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    assert.equal(generateName(random, "x".repeat(80)).length, 63);
  }
});

test("log lines are structured, in both forms", () => {
  const lines: string[] = [];
  const options = { write: (line: string) => lines.push(line), now: () => 0 };
  const text = createLogger(options).with({ component: "kubelet" });
  text.info("pod started", { pod: "default/a", note: 'say "hi"', n: 5, big: 2n ** 60n });
  text.debug("not told");
  text.error("failed", { error: new Error("outer", { cause: new Error("inner") }) });
  createLogger({ ...options, format: "json", level: "warn" }).warn("late", { n: 1n, error: new Error("oh") });
  createLogger({ ...options, level: "warn" }).info("not told");
  silentLogger.with({ a: 1 }).error("nothing");
  assert.deepEqual(lines, [
    '1970-01-01T00:00:00.000Z INFO  pod started component=kubelet pod=default/a note="say \\"hi\\"" n=5 big=1152921504606846976\n',
    '1970-01-01T00:00:00.000Z ERROR failed component=kubelet error="outer: inner"\n',
    '{"time":"1970-01-01T00:00:00.000Z","level":"warn","message":"late","n":"1","error":"oh"}\n',
  ]);
});

test("a machine that sleeps: the time of day goes on, and no timer runs", async () => {
  const clock = new VirtualClock(0);
  let runs = 0;
  clock.after(1000, () => void runs++);
  clock.suspend(5000);
  assert.deepEqual([clock.now(), clock.monotonic(), runs], [5000, 0, 0]);
  await clock.advance(1000);
  assert.deepEqual([clock.now(), clock.monotonic(), runs], [6000, 1000, 1]);
});

test("a log line never throws, whatever its fields", () => {
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  const lines: string[] = [];
  for (const format of ["text", "json"] as const) {
    createLogger({ format, write: (line) => lines.push(line) }).error("odd", { circular, nested: { n: 1n }, fn() {} });
  }
  assert.equal(lines.length, 2);
});
