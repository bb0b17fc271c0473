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
