/** A part of the cluster in a process of its own: its log in a file, its readiness a line of it, and started again when it ends by itself. */
import type { ChildProcess } from "node:child_process";
import { closeSync, mkdirSync, openSync, readSync } from "node:fs";
import { dirname } from "node:path";
import { type Clock, type Logger, sleep } from "@kubets/machinery";
import type { NamespaceDriver, Scope } from "@kubets/sandbox";

interface ChildOptions {
  readonly name: string;
  readonly driver: NamespaceDriver;
  readonly scope: Scope;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Descriptors that it gets behind the usual three. */
  readonly fds?: readonly number[];
  readonly logFile: string;
  /** A line with these words says that it is ready. */
  readonly readyWords: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Patience for slow machines: a process that ended is noticed at once. */
const READY_TIMEOUT_MS = 300_000;
const STOP_TIMEOUT_MS = 20_000;
const RESTART_MS = 1000;

export class Child {
  readonly #options: ChildOptions;
  #process: ChildProcess | undefined;
  #stopping = false;

  constructor(options: ChildOptions) {
    this.#options = options;
    mkdirSync(dirname(options.logFile), { recursive: true });
  }

  /** Starts it and waits until it says that it is ready. */
  async start(): Promise<void> {
    const { name, clock, logFile, readyWords } = this.#options;
    const from = await this.#spawn();
    const until = clock.monotonic() + READY_TIMEOUT_MS;
    while (!logSince(logFile, from).includes(readyWords)) {
      const child = this.#process;
      if (!child || child.exitCode !== null || child.signalCode !== null)
        throw new Error(
          `${name} ended with ${child?.exitCode ?? child?.signalCode}; its last words in ${logFile}:\n${lastLines(logSince(logFile, from))}`,
        );
      if (clock.monotonic() > until)
        throw new Error(`${name} was not ready within ${READY_TIMEOUT_MS / 1000} s; see ${logFile}`);
      await sleep(clock, 10);
    }
    this.#watch();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.kill("SIGTERM");
    const giveUp = this.#options.clock.after(STOP_TIMEOUT_MS, () => child.kill("SIGKILL"));
    await ended;
    giveUp.cancel();
  }

  /** Gives the size of the log before this run. */
  async #spawn(): Promise<number> {
    const { driver, scope, args, env, fds = [], logFile } = this.#options;
    const log = openSync(logFile, "a");
    const from = sizeOf(logFile);
    try {
      this.#process = await driver.spawn(scope, process.execPath, ["--disable-warning=ExperimentalWarning", ...args], {
        stdio: ["ignore", log, log, ...fds],
        env: { ...process.env, ...env },
        detached: true,
      });
    } finally {
      closeSync(log);
    }
    return from;
  }

  #watch(): void {
    const { name, clock, log } = this.#options;
    this.#process?.once("exit", (code, signal) => {
      if (this.#stopping) return;
      log.warn("a part of the cluster ended; starting it again", { part: name, code, signal });
      clock.after(RESTART_MS, () => {
        if (this.#stopping) return;
        this.#spawn().then(
          () => this.#watch(),
          (error: unknown) => log.error("a part of the cluster could not be started again", { part: name, error }),
        );
      });
    });
  }
}

function sizeOf(path: string): number {
  return logSince(path, 0).length;
}

function logSince(path: string, from: number): string {
  const file = openSync(path, "r");
  try {
    const chunks: Buffer[] = [];
    for (let at = from; ; ) {
      const chunk = Buffer.alloc(64 * 1024);
      const read = readSync(file, chunk, 0, chunk.length, at);
      if (read === 0) return Buffer.concat(chunks).toString();
      chunks.push(chunk.subarray(0, read));
      at += read;
    }
  } finally {
    closeSync(file);
  }
}

const lastLines = (text: string) => text.trimEnd().split("\n").slice(-8).join("\n");
