/**
 * One containerd, started inside a scope and ended with all that it runs.
 * Holds: it is in a session of its own, so that Ctrl-C at a terminal does not reach it; its id is in the journal as soon as it has one, and before
 * that its cgroup finds it.
 */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { open, readFile, rm } from "node:fs/promises";
import { type Clock, sleep } from "@kubets/machinery";
import type { Journal } from "../inventory/journal.ts";
import { startTime } from "../inventory/processes.ts";
import type { NamespaceDriver, Scope } from "../namespaces/driver.ts";
import { searchPath } from "../programs/find.ts";
import { containerdReady } from "./ready.ts";

export interface InstanceOptions {
  readonly driver: NamespaceDriver;
  readonly scope: Scope;
  readonly program: string;
  readonly configFile: string;
  readonly socket: string;
  readonly logFile: string;
  readonly journal: Journal;
  /** The pod network is laid when containerd runs already. */
  readonly networkLater?: boolean;
  readonly clock: Clock;
}

export interface ContainerdInstance {
  readonly pid: number;
  readonly version: string;
  /** Resolves when it has ended, whoever ended it. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

const STOP_MS = 5000;
const LAST_LINES = 5;

export async function startContainerd(options: InstanceOptions): Promise<ContainerdInstance> {
  const { driver, scope, program, configFile, socket, logFile, journal, networkLater = false, clock } = options;
  // One that was left by a crash would look like an open one.
  await rm(socket, { force: true });
  const child = await spawnLogged(driver, scope, program, ["--config", configFile], logFile);
  const pid = child.pid as number;
  const started = await startTime(pid);
  if (started) journal.add({ kind: "process", pid, started, what: "containerd" });

  const gone = new AbortController();
  const ended = hasEnded(child).then(async () => {
    gone.abort(new Error(`containerd ended before it was ready; ${logFile} says: ${await lastLines(logFile)}`));
  });
  const stop = async () => {
    child.kill("SIGTERM");
    const patience = new AbortController();
    const killed = sleep(clock, STOP_MS, patience.signal).then(
      () => child.kill("SIGKILL"),
      () => {},
    );
    await ended;
    patience.abort();
    await killed;
  };
  try {
    const version = await containerdReady(socket, { clock, networkLater, signal: gone.signal });
    child.unref();
    return { pid, version, ended, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function spawnLogged(driver: NamespaceDriver, scope: Scope, program: string, args: string[], logFile: string) {
  const log = await open(logFile, "a", 0o600);
  try {
    const env = { ...process.env, PATH: searchPath().join(":") };
    return await driver.spawn(scope, program, args, { stdio: ["ignore", log.fd, log.fd], env, detached: true });
  } finally {
    await log.close();
  }
}

async function hasEnded(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}

const lastLines = async (file: string): Promise<string> =>
  (await readFile(file, "utf8").catch(() => "")).trim().split("\n").slice(-LAST_LINES).join(" | ");
