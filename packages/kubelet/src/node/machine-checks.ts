/** What the machine must be like before a kubelet runs on it, where its configuration asks for that. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ExitError, exitCode } from "@kubets/machinery/exit-codes";
import type { FileConfig } from "../config-shape.ts";

/** What the original wants of the kernel. This kubelet changes none of it. */
const KERNEL: Readonly<Record<string, number>> = {
  "kernel/keys/root_maxbytes": 25_000_000,
  "kernel/keys/root_maxkeys": 1_000_000,
  "kernel/panic": 10,
  "kernel/panic_on_oops": 1,
  "vm/overcommit_memory": 1,
  "vm/panic_on_oom": 0,
};

/** Throws when the machine is not so. */
export function checkMachine({ failSwapOn, protectKernelDefaults }: FileConfig, proc = "/proc"): void {
  const read = (path: string): string => {
    try {
      return readFileSync(join(proc, path), "utf8").trim();
    } catch {
      return "";
    }
  };
  const lack = (message: string): never => {
    throw new ExitError(exitCode.precondition, message);
  };
  const [, ...swaps] = read("swaps").split("\n");
  if (failSwapOn && swaps.length > 0)
    lack(
      `running with swap on is not supported, please disable swap or set --fail-swap-on flag to false: /proc/swaps contains ${swaps.map((line) => line.split(/\s/)[0]).join(", ")}`,
    );
  if (!protectKernelDefaults) return;
  const wrong = Object.entries(KERNEL).flatMap(([name, wanted]) => {
    const actual = read(join("sys", name));
    return Number(actual) === wanted && actual !== ""
      ? []
      : [`invalid kernel flag: ${name}, expected value: ${wanted}, actual value: ${actual || "none"}`];
  });
  if (wrong.length > 0) lack(wrong.join("; "));
}
