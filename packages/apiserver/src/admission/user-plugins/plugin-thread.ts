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
/** Before the first question; the file may read and compile much. */
const LOAD_MS = 10_000;
/** So often somebody looks at a thread that is asked. */
const LOOK_MS = 100;

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
    return await thread.ask(question, this.#longestMs);
  }

  async close(): Promise<void> {
    await this.#current?.end(new Error("the server is stopping"));
  }

  #thread(): Thread {
    if (!this.#current || this.#current.isOver) this.#current = new Thread(this.#file, this.#clock);
    return this.#current;
  }
}

/** One thread, from its start to its end. */
class Thread {
  readonly loaded: Promise<Loaded>;
  isOver = false;
  readonly #worker: Worker;
  readonly #clock: Clock;
  readonly #open = new Map<number, Open>();
  #lastId = 0;
  #look: Timer | undefined;

  constructor(file: string, clock: Clock) {
    this.#clock = clock;
    this.#worker = new Worker(WORKER, {
      name: "admission plugin",
      workerData: { url: pathToFileURL(file).href },
      execArgv: ["--disable-warning=ExperimentalWarning"],
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_MEGABYTES },
    });
    const { promise, resolve, reject } = Promise.withResolvers<Loaded>();
    this.loaded = promise;
    const failed = (why: Error) => {
      reject(why);
      void this.end(why);
    };
    const timer = clock.after(LOAD_MS, () => failed(new Error(`it was not loaded within ${LOAD_MS} ms`)));
    // Who asks hears of it; nobody has to. While it loads, and while a question is open, it keeps the process alive.
    const loaded = () => {
      timer.cancel();
      this.#worker.unref();
    };
    promise.then(loaded, loaded);
    // The plugin may say something, too: it shares the line.
    this.#worker.on("message", (message: FromPlugin | null) => {
      if (message?.say === "loaded") resolve(message);
      else if (message?.say === "not loaded") failed(new Error(message.why));
      else if (message?.say === "answered") this.#answered(message);
    });
    this.#worker.on("error", failed);
    this.#worker.on("exit", () => failed(new Error("its thread ended")));
  }

  ask(question: Omit<Asked, "id">, longestMs: number): Promise<Answered> {
    if (this.isOver) return Promise.reject(new Error("its thread ended"));
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const late = () => void this.end(new Error(`it did not answer within ${longestMs} ms`));
      this.#open.set(id, { resolve, reject, timer: this.#clock.after(longestMs, late) });
      this.#look ??= this.#clock.after(LOOK_MS, () => void this.#lookAtMemory());
      this.#worker.ref();
      this.#worker.postMessage({ ...question, id });
    });
  }

  async end(why: Error): Promise<void> {
    this.#fail(why);
    await this.#worker.terminate();
  }

  /** Buffers lie outside of the heap, where no limit of the thread holds them back. */
  async #lookAtMemory(): Promise<void> {
    const { external_memory: bytes } = await this.#worker.getHeapStatistics().catch(() => ({ external_memory: 0 }));
    this.#look = undefined;
    if (bytes > MEMORY_MEGABYTES * 2 ** 20)
      await this.end(new Error(`it keeps more than ${MEMORY_MEGABYTES} MB in buffers`));
    else if (this.#open.size > 0) this.#look = this.#clock.after(LOOK_MS, () => void this.#lookAtMemory());
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
    this.#look?.cancel();
    for (const { reject, timer } of this.#open.values()) {
      timer.cancel();
      reject(error);
    }
    this.#open.clear();
  }
}
