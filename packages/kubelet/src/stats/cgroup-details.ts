/**
 * What cgroups of version 2 count besides their usage: how long their processes waited for what they needed (PSI), and what of them is swapped.
 * Holds: what cannot be read is absent; a kernel that does not count waiting tells of none.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { numberOf } from "./cgroup-usage.ts";

/** Shares of the last 10, 60 and 300 seconds in percent, and microseconds since the beginning. */
interface Waiting {
  readonly avg10: number;
  readonly avg60: number;
  readonly avg300: number;
  readonly total: number;
}

interface Pressure {
  /** All processes waited. */
  readonly full: Waiting;
  /** At least one did. */
  readonly some: Waiting;
}

export interface CgroupDetails {
  readonly cpu?: Pressure | undefined;
  readonly memory?: Pressure | undefined;
  readonly io?: Pressure | undefined;
  readonly swapBytes?: number | undefined;
  readonly swapLimitBytes?: number | undefined;
}

export async function readDetails(path: string, mountpoint = "/sys/fs/cgroup"): Promise<CgroupDetails> {
  const text = (file: string) => readFile(join(mountpoint, path, file), "utf8").catch(() => undefined);
  const [cpu, memory, io, swap, limit] = await Promise.all(
    ["cpu.pressure", "memory.pressure", "io.pressure", "memory.swap.current", "memory.swap.max"].map(text),
  );
  return {
    cpu: pressureOf(cpu),
    memory: pressureOf(memory),
    io: pressureOf(io),
    swapBytes: numberOf(swap),
    swapLimitBytes: numberOf(limit),
  };
}

/** Of all of the machine, whose root cgroup does not count it. */
export async function readMachineSwap(proc = "/proc"): Promise<CgroupDetails> {
  const text = await readFile(join(proc, "meminfo"), "utf8").catch(() => "");
  const bytes = (name: string) => Number(new RegExp(`^${name}:\\s*(\\d+) kB$`, "m").exec(text)?.[1] ?? 0) * 1024;
  const total = bytes("SwapTotal");
  return { swapBytes: total - bytes("SwapFree"), swapLimitBytes: total };
}

function pressureOf(text: string | undefined): Pressure | undefined {
  if (!text) return undefined;
  const waiting = (who: "full" | "some"): Waiting => {
    const line = text.split("\n").find((each) => each.startsWith(who)) ?? "";
    const value = (name: string) => Number(new RegExp(` ${name}=([\\d.]+)`).exec(line)?.[1] ?? 0);
    return { total: value("total"), avg10: value("avg10"), avg60: value("avg60"), avg300: value("avg300") };
  };
  return { full: waiting("full"), some: waiting("some") };
}
