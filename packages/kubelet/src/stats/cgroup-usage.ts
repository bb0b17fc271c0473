/**
 * What the processes of a cgroup use, counted by the kernel: of version 1, where each controller has a hierarchy of its own, and of version 2.
 * Holds: what cannot be read is absent, never zero.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";

export interface Usage {
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  /** Nanoseconds since the beginning. */
  readonly cpuNanos?: number;
  readonly memoryUsageBytes?: number;
  readonly memoryWorkingSetBytes?: number;
  readonly memoryRssBytes?: number;
  readonly memoryLimitBytes?: number;
  readonly pageFaults?: number;
  readonly majorPageFaults?: number;
  readonly processes?: number;
}

/** Larger ones are the kernel's way to say that there is none. */
const NO_LIMIT = 2 ** 60;

type Numbers = Readonly<Record<string, number>>;

export async function readUsage(
  path: string,
  version: 1 | 2,
  timestamp: number,
  mountpoint = "/sys/fs/cgroup",
): Promise<Usage> {
  const text = (controller: string, file: string) =>
    readFile(join(mountpoint, version === 1 ? controller : "", path, file), "utf8").catch(() => undefined);
  const number = async (controller: string, file: string) => numberOf(await text(controller, file));
  const [cpu, current, stat, limit, processes] = await Promise.all([
    version === 1 ? number("cpuacct", "cpuacct.usage") : text("", "cpu.stat").then(cpuNanos),
    number("memory", version === 1 ? "memory.usage_in_bytes" : "memory.current"),
    text("memory", "memory.stat").then(numbersOf),
    number("memory", version === 1 ? "memory.limit_in_bytes" : "memory.max"),
    number("pids", "pids.current"),
  ]);
  const counted = (name: string, older: string) => (version === 1 ? stat[older] : stat[name]);
  // The root of version 2 has no sum of its own.
  const memory = current ?? (version === 2 && stat.anon !== undefined ? stat.anon + (stat.file ?? 0) : undefined);
  const inactive = counted("inactive_file", "total_inactive_file") ?? 0;
  const rss = counted("anon", "total_rss");
  const faults = counted("pgfault", "total_pgfault");
  const major = counted("pgmajfault", "total_pgmajfault");
  return {
    timestamp,
    ...(cpu !== undefined && { cpuNanos: cpu }),
    ...(memory !== undefined && {
      memoryUsageBytes: memory,
      memoryWorkingSetBytes: Math.max(0, memory - inactive),
    }),
    ...(rss !== undefined && { memoryRssBytes: rss }),
    ...(limit !== undefined && limit < NO_LIMIT && { memoryLimitBytes: limit }),
    ...(faults !== undefined && { pageFaults: faults }),
    ...(major !== undefined && { majorPageFaults: major }),
    ...(processes !== undefined && { processes }),
  };
}

/** The kernel's "max" is no number. */
export const numberOf = (text: string | undefined): number | undefined => {
  const value = Number(text?.trim() || Number.NaN);
  return Number.isFinite(value) ? value : undefined;
};

/** Lines of a name and a number. */
const numbersOf = (text: string | undefined): Numbers =>
  Object.fromEntries(
    (text ?? "").split("\n").flatMap((line) => {
      const [name, value] = line.split(" ");
      return name && value ? [[name, Number(value)]] : [];
    }),
  );

function cpuNanos(text: string | undefined): number | undefined {
  const micros = numbersOf(text).usage_usec;
  return micros === undefined ? undefined : micros * 1000;
}
