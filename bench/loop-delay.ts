/**
 * Loaded into a server under measurement (`--import`): how late a timer of one millisecond comes, again and again. What passes between two turns of the
 * loop is told as time, and as the CPU that the thread used in it: on a loaded machine only the latter is the server's own doing.
 */
import { isMainThread } from "node:worker_threads";

/** Of all turns since the last question, in milliseconds. */
export interface LoopDelays {
  readonly turns: number;
  readonly delay: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly cpu: { readonly p99: number; readonly max: number };
}

if (isMainThread && process.send) {
  let delays: number[] = [];
  let costs: number[] = [];
  let last = performance.now();
  let lastCpu = cpuMs();
  setInterval(() => {
    const [now, cpu] = [performance.now(), cpuMs()];
    delays.push(Math.max(0, now - last - 1));
    costs.push(cpu - lastCpu);
    [last, lastCpu] = [now, cpu];
  }, 1).unref();
  process.on("message", (question) => {
    if (question !== "loop") return;
    const [d, c] = [quantiles(delays), quantiles(costs)];
    process.send?.({ turns: delays.length, delay: d, cpu: c });
    [delays, costs] = [[], []];
  });
  process.channel?.unref();
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function quantiles(values: readonly number[]) {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (q: number) => Math.round(10 * (sorted[Math.floor((sorted.length - 1) * q)] ?? 0)) / 10;
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}
