import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { realClock } from "@kubets/machinery";
import { killAll } from "./processes.ts";

test("processes are killed, however long it takes to find them", async () => {
  const child = spawn("sleep", ["1000"]);
  const ended = once(child, "exit");
  let now = 0;
  const find = async () => {
    now += 60_000;
    return child.pid === undefined ? [] : [child.pid];
  };
  const left = killAll(find, { ...realClock, monotonic: () => now });
  assert.deepEqual((await ended)[1], "SIGKILL");
  await left;
});
