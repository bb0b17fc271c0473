import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { patience } from "./patience.ts";

test("what came while the process was held up is read before the time is up", async () => {
  const { signal } = patience(40);
  const until = performance.now() + 100;
  while (performance.now() < until);
  await turn();
  assert.equal(signal.aborted, false);
  await once(signal, "abort");
});

test("it is not up when the answer was there", async () => {
  const { signal, end } = patience(1);
  end();
  const other = patience(5);
  await once(other.signal, "abort");
  assert.equal(signal.aborted, false);
});
