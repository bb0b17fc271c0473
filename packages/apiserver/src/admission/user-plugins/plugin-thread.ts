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
  #worker: Promise<Worker> | undefined;
  readonly #open = new Map<number, Open>();
  #lastId = 0;

  constructor(file: string, clock: Clock, longestMs: number) {
    this.#file = file;
    this.#clock = clock;
    this.#longestMs = longestMs;
  }

  /** Starts it; rejects when the file is no plugin. */
  async load(): Promise<Loaded> {
    const { worker, loaded } = await this.#start();
    this.#worker = Promise.resolve(worker);
    return loaded;
  }

  async ask(question: Omit<Asked, "id">): Promise<Answered> {
    const worker = await (this.#worker ??= this.#start().then(({ worker: started }) => started));
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const timer = this.#clock.after(this.#longestMs, () => {
        this.#fail(new Error(`it did not answer within ${this.#longestMs} ms`));
        void worker.terminate();
      });
      this.#open.set(id, { resolve, reject, timer });
      worker.postMessage({ ...question, id });
    });
  }

  async close(): Promise<void> {
    const worker = await this.#worker?.catch(() => undefined);
    this.#fail(new Error("the server is stopping"));
    await worker?.terminate();
  }

  async #start(): Promise<{ worker: Worker; loaded: Loaded }> {
    const worker = new Worker(WORKER, {
      name: "admission plugin",
      workerData: { url: pathToFileURL(this.#file).href },
      execArgv: ["--disable-warning=ExperimentalWarning"],
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_MEGABYTES },
    });
    worker.unref();
    const loaded = await new Promise<Loaded>((resolve, reject) => {
      worker.on("message", (message: FromPlugin) => {
        if (message.say === "loaded") resolve(message);
        else if (message.say === "not loaded") reject(new Error(message.why));
        else this.#answered(message);
      });
      worker.on("error", (error) => {
        reject(error as Error);
        this.#fail(error as Error);
      });
      worker.on("exit", () => {
        reject(new Error("its thread ended"));
        this.#fail(new Error("its thread ended"));
      });
    });
    return { worker, loaded };
  }

  #answered(answer: Answered): void {
    const open = this.#open.get(answer.id);
    this.#open.delete(answer.id);
    open?.timer.cancel();
    open?.resolve(answer);
  }

  /** The thread is of no use any more: the next question starts another. */
  #fail(error: Error): void {
    this.#worker = undefined;
    for (const { reject, timer } of this.#open.values()) {
      timer.cancel();
      reject(error);
    }
    this.#open.clear();
  }
}
