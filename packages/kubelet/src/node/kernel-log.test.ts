import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { simulatedNode } from "../testing/simulated-node.ts";
import { kernelLog } from "./kernel-log.ts";

const killed = (how: string, task: string) =>
  `6,1200,5985,-;oom-kill:constraint=${how},task_memcg=/kubepods/burstable/podx,task=${task},pid=4711,uid=0`;
const GLOBAL = killed("CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom", "a (b), c");
const OF_CONTAINER = killed("CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/kubepods", "d");

test("a process that was killed for the machine's memory is told of as an event of the node; one for a container's is not", async () => {
  const batches = [[], ["6,1199,5984,-;eth0: up", OF_CONTAINER, GLOBAL]];
  const node = await simulatedNode({ kernelLog: async () => batches.shift() ?? [] });
  try {
    await node.clock.advance(60_000);
    assert.deepEqual(
      node.api.events("node-1").filter((each) => each.startsWith("SystemOOM")),
      ["SystemOOM: System OOM encountered, victim process: a (b), c, pid: 4711"],
    );
  } finally {
    await node.stop();
  }
});

test("of the kernel's log is read what came since the last time", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "kubets-kmsg-"));
  const stop = new AbortController();
  t.after(() => {
    stop.abort();
    rmSync(folder, { recursive: true });
  });
  const path = join(folder, "kmsg");
  writeFileSync(path, "old");
  const read = kernelLog(stop.signal, path);
  assert.deepEqual(await read(), []);
  appendFileSync(path, "new");
  assert.deepEqual(await read(), ["new"]);
  assert.deepEqual(await read(), []);
});
