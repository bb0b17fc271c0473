/**
 * Loaded into a server under measurement with --expose-gc: tells, when it is asked, how many megabytes are left when garbage is collected, and how many
 * V8 has for new objects.
 */
import { getHeapSpaceStatistics } from "node:v8";
import { isMainThread } from "node:worker_threads";

if (isMainThread) {
  process.on("message", (asked) => {
    if (asked !== "live memory") return;
    globalThis.gc?.();
    const { heapUsed, external } = process.memoryUsage();
    const young =
      getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space")?.physical_space_size ?? 0;
    process.send?.({ live: (heapUsed + external) / 2 ** 20, young: young / 2 ** 20 });
  });
  // It ends when it is told to, whoever may still ask.
  process.channel?.unref();
}
