/** Loaded into a server under measurement with --expose-gc: tells, when it is asked, how many megabytes are left when garbage is collected. */
import { isMainThread } from "node:worker_threads";

if (isMainThread)
  process.on("message", (asked) => {
    if (asked !== "live memory") return;
    globalThis.gc?.();
    const { heapUsed, external } = process.memoryUsage();
    process.send?.((heapUsed + external) / 2 ** 20);
  });
