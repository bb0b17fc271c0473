/**
 * The server's end of the line to a user's plugin, which runs in a process of its own: a thread whose heap grows faster than it is held back takes its
 * process along. It is started again with the next question when it has ended; each question is answered or fails, none waits for ever.
 */
import { type ChildProcess, fork } from "node:child_process";
import { realpathSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { Clock, Timer } from "@kubets/machinery";
import type { Answered, Asked, FromPlugin, Loaded } from "./messages.ts";

const WORKER = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./admission-plugin-worker.js", import.meta.url),
);
/** Above what it has before the plugin is loaded. */
const MEMORY_MEGABYTES = 128;
/** Before the first question; the file may read and compile much. */
const LOAD_MS = 10_000;

interface Open {
  readonly resolve: (answer: Answered) => void;
  readonly reject: (error: Error) => void;
  readonly timer: Timer;
}

export class PluginProcess {
  readonly #file: string;
  readonly #clock: Clock;
  readonly #longestMs: number;
  #current: Run | undefined;

  constructor(file: string, clock: Clock, longestMs: number) {
    this.#file = file;
    this.#clock = clock;
    this.#longestMs = longestMs;
  }

  /** Starts it; rejects when the file is no plugin. */
  async load(): Promise<Loaded> {
    return await this.#run().loaded;
  }

  async ask(question: Omit<Asked, "id">): Promise<Answered> {
    const run = this.#run();
    await run.loaded;
    return await run.ask(question, this.#longestMs);
  }

  async close(): Promise<void> {
    await this.#current?.end(new Error("the server is stopping"));
  }

  #run(): Run {
    if (!this.#current || this.#current.isOver) this.#current = new Run(this.#file, this.#clock);
    return this.#current;
  }
}

/** One process, from its start to its end. */
class Run {
  readonly loaded: Promise<Loaded>;
  isOver = false;
  readonly #process: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #clock: Clock;
  readonly #open = new Map<number, Open>();
  #lastId = 0;

  constructor(file: string, clock: Clock) {
    this.#clock = clock;
    this.#process = start(file);
    const { promise, resolve, reject } = Promise.withResolvers<Loaded>();
    this.loaded = promise;
    const failed = (why: Error) => {
      reject(why);
      void this.end(why);
    };
    const timer = clock.after(LOAD_MS, () => failed(new Error(`it was not loaded within ${LOAD_MS} ms`)));
    // Who asks hears of it; nobody has to.
    const done = () => timer.cancel();
    promise.then(done, done);
    this.#process.on("message", (message: FromPlugin) => {
      if (message.say === "loaded") resolve(message);
      else if (message.say === "not loaded") failed(new Error(message.why));
      else this.#answered(message);
    });
    this.#process.on("error", failed);
    this.#ended = new Promise((resolve) => {
      this.#process.on("exit", (_code, signal) => {
        // Nobody but its own watch ends it so, unless it is over already.
        const eats = signal === "SIGKILL";
        failed(new Error(eats ? `it needs more than ${MEMORY_MEGABYTES} MB of memory` : "its process ended"));
        resolve();
      });
    });
  }

  ask(question: Omit<Asked, "id">, longestMs: number): Promise<Answered> {
    if (this.isOver) return Promise.reject(new Error("its process ended"));
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const late = () => void this.end(new Error(`it did not answer within ${longestMs} ms`));
      this.#open.set(id, { resolve, reject, timer: this.#clock.after(longestMs, late) });
      this.#process.send({ ...question, id });
    });
  }

  async end(why: Error): Promise<void> {
    this.#fail(why);
    this.#process.kill("SIGKILL");
    // One that could not be started does not end.
    if (this.#process.pid !== undefined) await this.#ended;
  }

  #answered(answer: Answered): void {
    const open = this.#open.get(answer.id);
    this.#open.delete(answer.id);
    open?.timer.cancel();
    open?.resolve(answer);
  }

  #fail(error: Error): void {
    this.isOver = true;
    for (const { reject, timer } of this.#open.values()) {
      timer.cancel();
      reject(error);
    }
    this.#open.clear();
  }
}

/** It may read its own folder and what is installed for it; it has neither files to write, nor a network, nor the server's environment. */
function start(file: string): ChildProcess {
  const folder = dirname(realpathSync(file));
  const installed = folder.split(sep).map((_, i, parts) => join(sep, ...parts.slice(0, i + 1), "node_modules"));
  const readable = [WORKER, folder, ...installed].map((path) => `--allow-fs-read=${path}`);
  return fork(WORKER, [file, String(MEMORY_MEGABYTES)], {
    // Signals of a terminal are for the server, which still asks it about what it answers before it stops.
    detached: true,
    env: {},
    execArgv: [
      "--permission",
      "--allow-worker",
      ...readable,
      "--disable-warning=ExperimentalWarning",
      "--disable-warning=SecurityWarning",
    ],
    serialization: "advanced",
    stdio: ["pipe", "inherit", "inherit", "ipc"],
  });
}
