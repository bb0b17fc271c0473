/**
 * Processes of the machine as /proc shows them.
 * Holds: nothing is killed by a name; only by an id together with a start time, a cgroup or a namespace that are the cluster's own. This process
 * and those above it are never killed.
 */
import { readdir, readFile, readlink } from "node:fs/promises";
import { type Clock, sleep } from "@kubets/machinery";

/** When the process started, in the kernel's ticks; undefined when it is gone or a zombie. */
export async function startTime(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  // The name, in parentheses, may hold anything; the fields are counted from behind it.
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields && fields[0] !== "Z" ? fields[19] : undefined;
}

export async function allPids(): Promise<number[]> {
  return (await readdir("/proc")).map(Number).filter((pid) => pid > 0);
}

/** This process and its ancestors. */
async function ownLine(): Promise<Set<number>> {
  const line = new Set<number>();
  for (let pid = process.pid; pid > 0 && !line.has(pid); ) {
    line.add(pid);
    const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
    pid = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1] ?? 0);
  }
  return line;
}

/** Ids of namespaces ("net:[4026532500]") that a process is in. */
async function namespacesOf(pid: number): Promise<string[]> {
  const links = await Promise.all(["net", "mnt"].map((kind) => readlink(`/proc/${pid}/ns/${kind}`).catch(() => "")));
  return links.filter(Boolean);
}

export async function processesIn(namespaceIds: ReadonlySet<string>): Promise<Set<number>> {
  const found = new Set<number>();
  if (namespaceIds.size === 0) return found;
  for (const pid of await allPids()) if ((await namespacesOf(pid)).some((id) => namespaceIds.has(id))) found.add(pid);
  return found;
}

/** Processes whose command line names a path below one of these folders. */
export async function processesNaming(folders: readonly string[]): Promise<Set<number>> {
  const found = new Set<number>();
  const own = await ownLine();
  for (const pid of await allPids()) {
    if (own.has(pid)) continue;
    const line = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (folders.some((folder) => line.includes(`${folder}/`))) found.add(pid);
  }
  return found;
}

const GIVE_UP_MS = 5000;
const LOOK_AGAIN_MS = 20;

/** Kills what `find` finds until it finds nothing; gives what would not die. On a busy machine finding alone may take longer than dying may. */
export async function killAll(find: () => Promise<Iterable<number>>, clock: Clock): Promise<number[]> {
  const spared = await ownLine();
  let deadline = Number.POSITIVE_INFINITY;
  for (;;) {
    const alive: number[] = [];
    for (const pid of await find()) if (!spared.has(pid) && (await startTime(pid)) !== undefined) alive.push(pid);
    if (alive.length === 0 || clock.monotonic() > deadline) return alive;
    for (const pid of alive) signal(pid, "SIGKILL");
    deadline = Math.min(deadline, clock.monotonic() + GIVE_UP_MS);
    await sleep(clock, LOOK_AGAIN_MS);
  }
}

export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
