/**
 * The server's end of the line to a user's plugin. A thread that hangs is ended, and one that has ended is started again with the next question; each
 * question is answered or fails, none waits for ever.
 */
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import type { Clock, Timer } from "@kubets/machinery";
import type { Answered, Asked, FromPlugin, Loaded } from "./messages.ts";

const WORKER = new URL(
  import.meta.url.endsWith(".ts") ? "./worker.ts" : "./admission-plugin-worker.js",
  import.meta.url,
);
const MEMORY_MEGABYTES = 128;

interface Open {
  readonly resolve: (answer: Answered) => void;
  readonly reject: (error: Error) => void;
  readonly timer: Timer;
}

export class PluginThread {
  readonly #file: string;
  readonly #clock: Clock;
  readonly #longestMs: number;
  #current: Thread | undefined;

  constructor(file: string, clock: Clock, longestMs: number) {
    this.#file = file;
    this.#clock = clock;
    this.#longestMs = longestMs;
  }

  /** Starts it; rejects when the file is no plugin. */
  load(): Promise<Loaded> {
    return this.#thread().loaded;
  }

  async ask(question: Omit<Asked, "id">): Promise<Answered> {
    const thread = this.#thread();
    await thread.loaded;
    return await thread.ask(question, this.#clock, this.#longestMs);
  }

  async close(): Promise<void> {
    await this.#current?.end(new Error("the server is stopping"));
  }

  #thread(): Thread {
    if (!this.#current || this.#current.isOver) this.#current = new Thread(this.#file);
    return this.#current;
  }
}

/** One thread, from its start to its end. */
class Thread {
  readonly loaded: Promise<Loaded>;
  isOver = false;
  readonly #worker: Worker;
  readonly #open = new Map<number, Open>();
  #lastId = 0;

  constructor(file: string) {
    this.#worker = new Worker(WORKER, {
      name: "admission plugin",
      workerData: { url: pathToFileURL(file).href },
      execArgv: ["--disable-warning=ExperimentalWarning"],
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_MEGABYTES },
    });
    const { promise, resolve, reject } = Promise.withResolvers<Loaded>();
    this.loaded = promise;
    // Who asks hears of it; nobody has to. While it loads, and while a question is open, it keeps the process alive.
    const loaded = () => this.#worker.unref();
    promise.then(loaded, loaded);
    const over = (error: Error) => {
      reject(error);
      this.#fail(error);
    };
    this.#worker.on("message", (message: FromPlugin) => {
      if (message.say === "loaded") resolve(message);
      else if (message.say === "not loaded") {
        reject(new Error(message.why));
        void this.end(new Error(message.why));
      } else this.#answered(message);
    });
    this.#worker.on("error", over);
    this.#worker.on("exit", () => over(new Error("its thread ended")));
  }

  ask(question: Omit<Asked, "id">, clock: Clock, longestMs: number): Promise<Answered> {
    if (this.isOver) return Promise.reject(new Error("its thread ended"));
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const timer = clock.after(longestMs, () => void this.end(new Error(`it did not answer within ${longestMs} ms`)));
      this.#open.set(id, { resolve, reject, timer });
      this.#worker.ref();
      this.#worker.postMessage({ ...question, id });
    });
  }

  async end(why: Error): Promise<void> {
    this.#fail(why);
    await this.#worker.terminate();
  }

  #answered(answer: Answered): void {
    const open = this.#open.get(answer.id);
    this.#open.delete(answer.id);
    if (this.#open.size === 0) this.#worker.unref();
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
