import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "@kubets/machinery";
import { Pace } from "./pace.ts";

test("a large service rests for as long as its planning took, a small one never", async () => {
  const clock = new VirtualClock();
  const pace = new Pace();
  await clock.advance(40);
  pace.planned("a/small", 20, clock, 0);
  pace.planned("a/large", 10_000, clock, 10);
  assert.deepEqual([pace.waitFor("a/small", clock), pace.waitFor("a/large", clock)], [undefined, 30]);
  await clock.advance(30);
  assert.equal(pace.waitFor("a/large", clock), undefined);
  await clock.advance(100_000);
  pace.planned("a/large", 10_000, clock, 0);
  assert.equal(pace.waitFor("a/large", clock), 1000);
  pace.forget("a/large");
  assert.equal(pace.waitFor("a/large", clock), undefined);
});
