import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Backoff } from "./backoff.ts";
import { seededRandom } from "./random.ts";
import { controllerLimiter, ExponentialLimiter } from "./rate-limiter.ts";
import { TokenBucket } from "./token-bucket.ts";
import { VirtualClock } from "./virtual-clock.ts";
import { WorkQueue } from "./work-queue.ts";

test("a key waits once, in the order of adding", async () => {
  const queue = new WorkQueue<string>(new VirtualClock());
  for (const key of ["a", "b", "a"]) queue.add(key);
  assert.equal(queue.length, 2);
  assert.equal(await queue.take(), "a");
  assert.equal(await queue.take(), "b");
  assert.equal(queue.length, 0);
});

test("a key in work is not handed out again until it is done", async () => {
  const queue = new WorkQueue<string>(new VirtualClock());
  queue.add("a");
  await queue.take();
  queue.add("a");
  queue.add("a");
  assert.equal(queue.length, 0);
  queue.done("a");
  assert.equal(queue.length, 1);
  assert.equal(await queue.take(), "a");
  queue.done("a");
  assert.equal(queue.length, 0);
});

test("a key that is done rests before it is handed out again", async () => {
  const clock = new VirtualClock();
  const queue = new WorkQueue<string>(clock);
  for (const key of ["a", "b"]) queue.add(key);
  for (const key of [await queue.take(), await queue.take()]) queue.done(key as string, 30);
  queue.add("a");
  await clock.advance(29);
  assert.equal(queue.length, 0);
  await clock.advance(1);
  assert.equal(await queue.take(), "a");
  queue.add("a");
  queue.done("a", 30);
  queue.shutDown();
  assert.equal(await queue.take(), "a");
  queue.done("a");
  await queue.drain();
});

test("a waiting worker gets the next key", async () => {
  const queue = new WorkQueue<string>(new VirtualClock());
  const first = queue.take();
  const second = queue.take();
  queue.add("a");
  queue.shutDown();
  assert.equal(await first, "a");
  assert.equal(await second, undefined);
});

test("delays: the earliest time counts", async () => {
  const clock = new VirtualClock();
  const queue = new WorkQueue<string>(clock);
  queue.addAfter("a", 1000);
  queue.addAfter("a", 100);
  queue.addAfter("a", 500);
  queue.addAfter("b", 0);
  assert.equal(queue.length, 1);
  await clock.advance(99);
  assert.equal(queue.length, 1);
  await clock.advance(1);
  assert.equal(queue.length, 2);
  await queue.take();
  await queue.take();
  await clock.advance(2000);
  assert.equal(queue.length, 0);
});

test("failures wait longer and longer, until forgotten", async () => {
  const clock = new VirtualClock();
  const queue = new WorkQueue<string>(clock, { limiter: new ExponentialLimiter() });
  const waits: number[] = [];
  for (let i = 0; i < 4; i++) {
    const start = clock.monotonic();
    queue.addRateLimited("a");
    await clock.runUntil(() => queue.length === 1);
    waits.push(clock.monotonic() - start);
    queue.done((await queue.take()) as string);
  }
  assert.deepEqual(waits, [5, 10, 20, 40]);
  assert.equal(queue.failures("a"), 4);
  queue.forget("a");
  assert.equal(queue.failures("a"), 0);
});

test("the default limiter lets a hundred through at once and then ten a second", () => {
  const limiter = controllerLimiter<number>(new VirtualClock());
  const waits = Array.from({ length: 102 }, (_, i) => limiter.when(i));
  assert.equal(waits[99], 5);
  assert.equal(waits[100], 100);
  assert.equal(waits[101], 200);
  const one = new ExponentialLimiter<string>();
  for (let i = 0; i < 40; i++) one.when("a");
  assert.equal(one.when("a"), 1_000_000);
});

test("drain waits for what is in work and what waits", async () => {
  const clock = new VirtualClock();
  const queue = new WorkQueue<string>(clock);
  queue.add("a");
  queue.add("b");
  queue.addAfter("c", 10);
  await queue.take();
  let drained = false;
  const end = queue.drain().then(() => {
    drained = true;
  });
  queue.done("a");
  await clock.advance(100);
  assert.equal(drained, false);
  assert.equal(await queue.take(), "b");
  queue.done("b");
  await end;
  assert.equal(drained, true);
  assert.equal(await queue.take(), undefined);
  queue.add("d");
  assert.equal(queue.length, 0);
});

test("no key is ever with two workers, and none is lost", async () => {
  const step = fc.record({ key: fc.constantFrom("a", "b", "c"), act: fc.constantFrom("add", "take", "done") });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const queue = new WorkQueue<string>(new VirtualClock());
      const working = new Set<string>();
      const dirty = new Set<string>();
      for (const { key, act } of steps) {
        if (act === "add") {
          queue.add(key);
          dirty.add(key);
        } else if (act === "take" && queue.length > 0) {
          const taken = (await queue.take()) as string;
          assert.ok(!working.has(taken));
          assert.ok(dirty.delete(taken));
          working.add(taken);
        } else if (act === "done" && working.delete(key)) {
          queue.done(key);
        }
      }
      for (const key of working) queue.done(key);
      assert.equal(queue.length, dirty.size);
    }),
  );
});

test("a token bucket refills, waits in order and gives back what was aborted", async () => {
  const clock = new VirtualClock();
  const bucket = new TokenBucket(clock, { rate: 10, burst: 2 });
  assert.deepEqual([bucket.tryTake(), bucket.tryTake(), bucket.tryTake()], [true, true, false]);
  const abort = new AbortController();
  const first = bucket.take(abort.signal);
  abort.abort(new Error("enough"));
  await assert.rejects(first, /enough/);
  await clock.advance(100);
  assert.equal(bucket.tryTake(), true);
  assert.equal(bucket.tryTake(), false);
});

test("backoff grows to its limit and starts over", async () => {
  const clock = new VirtualClock();
  const backoff = new Backoff(clock, seededRandom(1), { initialMs: 10, maxMs: 50, resetAfterMs: 1000 });
  assert.deepEqual(
    [backoff.next(), backoff.next(), backoff.next(), backoff.next(), backoff.next()],
    [10, 20, 40, 50, 50],
  );
  await clock.advance(1001);
  assert.equal(backoff.next(), 10);
  const jittered = new Backoff(clock, seededRandom(1), { initialMs: 10, maxMs: 50, jitter: 0.5 });
  const wait = jittered.next();
  assert.ok(wait >= 10 && wait <= 15);
});
