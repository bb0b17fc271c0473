/** Which process keeps a cluster, from its start on, written down for the commands that come later: `status`, `down`, a second `up`. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ClusterHome } from "../cluster/home.ts";

interface Keeper {
  readonly pid: number;
  /** When the process began, as the kernel counts it: a process id alone may be somebody else's by now. */
  readonly started: string;
}

export interface RunningCluster extends Keeper {
  readonly apiPort: number;
  readonly nodes: readonly string[];
  readonly simulated: boolean;
}

const fileOf = (home: ClusterHome) => join(home.run, "cluster.json");

/** This process keeps the cluster. What it runs is told when it is ready. */
export function writeKeeper(home: ClusterHome, running?: Omit<RunningCluster, keyof Keeper>): void {
  mkdirSync(home.run, { recursive: true, mode: 0o700 });
  const whole: Keeper = { pid: process.pid, started: startOf(process.pid) ?? "", ...running };
  writeFileSync(fileOf(home), `${JSON.stringify(whole, undefined, 2)}\n`);
}

/** Who keeps the cluster, also while it starts; undefined when that process is gone. */
export function readKeeper(home: ClusterHome): Keeper | undefined {
  try {
    const keeper = JSON.parse(readFileSync(fileOf(home), "utf8")) as Keeper;
    return startOf(keeper.pid) === keeper.started ? keeper : undefined;
  } catch {
    return undefined;
  }
}

/** Whether what it keeps is ready. */
export const isRunning = (keeper: Keeper | undefined): keeper is RunningCluster =>
  keeper !== undefined && "apiPort" in keeper;

export function readRunning(home: ClusterHome): RunningCluster | undefined {
  const keeper = readKeeper(home);
  return isRunning(keeper) ? keeper : undefined;
}

export const forgetRunning = (home: ClusterHome): void => rmSync(home.run, { recursive: true, force: true });

/** Where there is no /proc, a process that can be signalled is taken for the one that was written down. */
function startOf(pid: number): string | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ");
    // A process that ended and that nobody has asked about yet is gone as well.
    return fields?.[0] === "Z" ? undefined : fields?.[19];
  } catch {
    if (process.platform === "linux") return undefined;
    try {
      process.kill(pid, 0);
      return "unknown";
    } catch {
      return undefined;
    }
  }
}
