/**
 * Shutdowns as systemd's logind tells them over D-Bus, asked through its own programs: `systemd-inhibit` holds the machine up for as long as it
 * runs, `busctl` prints the signal. Where logind would wait less than pods need it is told so by a file of its configuration.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import type { Logger } from "@kubets/machinery";
import type { Exec } from "../exec.ts";
import type { ShutdownNotices } from "./shutdown.ts";

const MANAGER = ["org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager"] as const;
const MATCH = "type='signal',interface='org.freedesktop.login1.Manager',member='PrepareForShutdown'";
const FOLDER = "/etc/systemd/logind.conf.d";

export interface LogindOptions {
  readonly exec: Exec;
  readonly log: Logger;
  /** Starts a program that runs on; for tests. */
  readonly start?: (program: string, args: readonly string[]) => ChildProcess;
  readonly configFolder?: string;
}

const startProgram = (program: string, args: readonly string[]): ChildProcess =>
  spawn(program, args, { stdio: ["pipe", "pipe", "ignore"] });

export const logindShutdowns = (options: LogindOptions): ShutdownNotices => ({
  async watch({ seconds, signal, begun, calledOff }) {
    const { log, start = startProgram } = options;
    await allowDelay(seconds, options);
    let lock = hold(start);
    const monitor = start("busctl", ["--system", "--json=short", "monitor", `--match=${MATCH}`]);
    const stop = () => {
      monitor.kill();
      release(lock);
    };
    signal.addEventListener("abort", stop, { once: true });
    try {
      const lines = createInterface({ input: monitor.stdout as NodeJS.ReadableStream });
      for await (const line of lines) {
        const starts = shutdownStarts(line);
        if (starts === undefined) continue;
        if (!starts) {
          calledOff();
          lock = hold(start);
          continue;
        }
        // The machine may still call it off, and says so here: reading goes on.
        const held = lock;
        void begun()
          .catch((error: unknown) => log.warn("pods could not be ended in good order", { error }))
          .then(() => release(held));
      }
      if (!signal.aborted) throw new Error("busctl ended: shutdowns are not heard of");
    } finally {
      signal.removeEventListener("abort", stop);
      stop();
    }
  },
});

/** What a line of `busctl monitor` says; undefined when it is something else. */
export function shutdownStarts(line: string): boolean | undefined {
  try {
    const { member, payload } = JSON.parse(line) as { member?: string; payload?: { data?: unknown[] } };
    const starts = payload?.data?.[0];
    return member === "PrepareForShutdown" && typeof starts === "boolean" ? starts : undefined;
  } catch {
    return undefined;
  }
}

/** Ends when its standard input does: also when this process is killed. */
const hold = (start: NonNullable<LogindOptions["start"]>): ChildProcess => {
  const why = ["--who=kubelet", "--why=Kubelet needs time to handle node shutdown"];
  return start("systemd-inhibit", ["--what=shutdown", "--mode=delay", ...why, "cat"]);
};

const release = (lock: ChildProcess): void => {
  lock.stdin?.end();
  lock.kill();
};

/** Rejects when there is no logind. */
async function allowDelay(seconds: number, { exec, configFolder = FOLDER }: LogindOptions): Promise<void> {
  const allowed = async () => {
    const { stdout } = await exec.run(["busctl", "--system", "get-property", ...MANAGER, "InhibitDelayMaxUSec"]);
    return Number(stdout.toString().split(" ")[1]) / 1_000_000;
  };
  if ((await allowed()) >= seconds) return;
  await mkdir(configFolder, { recursive: true });
  const content = `# The kubelet's: pods are given so much time when the machine shuts down.\n[Login]\nInhibitDelayMaxSec=${seconds}\n`;
  await writeFile(`${configFolder}/99-kubelet.conf`, content);
  await exec.run(["systemctl", "kill", "--signal=HUP", "systemd-logind.service"]);
  const now = await allowed();
  if (now < seconds) throw new Error(`logind lets shutdowns wait ${now} s, but pods need ${seconds} s`);
}
