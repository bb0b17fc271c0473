import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";

import { giveBackAfterStart } from "./process-memory.ts";
import { VirtualClock } from "./virtual-clock.ts";

test("what the start left behind is collected some seconds later, and not before", async () => {
  const clock = new VirtualClock();
  giveBackAfterStart(clock);
  const left = new WeakRef({ big: "x".repeat(1000) });
  assert.ok(left.deref());
  // What was looked at lives until the end of the turn.
  await turn();
  await clock.advance(10_000);
  await turn();
  assert.equal(left.deref(), undefined);
});
