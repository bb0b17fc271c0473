import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom, VirtualClock } from "@kubets/machinery";
import { MemoryDisk } from "../../disk/memory-disk.ts";
import { runtimeSuite } from "../runtime.suite.ts";
import { SimulatedRuntime } from "./runtime.ts";

runtimeSuite("simulated", async () => {
  const clock = new VirtualClock();
  const runtime = new SimulatedRuntime({ clock, random: seededRandom(1), disk: new MemoryDisk(), images: ["demo:1"] });
  return {
    runtime,
    image: "demo:1",
    logs: "/var/log/pods",
    async until(condition) {
      for (let tries = 0; !(await condition()); tries++) {
        if (tries > 100) throw new Error("it did not come true");
        await clock.advance(100);
      }
    },
    close: async () => runtime.close(),
  };
});

test("nothing happens in one that was closed", async () => {
  const clock = new VirtualClock();
  const script = { course: () => ({ exitAfterMs: 5000, log: [{ atMs: 1000, text: "late" }] }) };
  const runtime = new SimulatedRuntime({ clock, random: seededRandom(1), disk: new MemoryDisk(), script });
  const sandbox = await runtime.runSandbox({ metadata: { name: "a", uid: "a" } }, "");
  const id = await runtime.createContainer(sandbox, {});
  await runtime.startContainer(id);
  runtime.close();
  await clock.advance(10_000);
  assert.equal((await runtime.containerStatus(id)).phase, "running");
});
