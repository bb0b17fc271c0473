/**
 * The main thread's end of the line to the worker that owns the log file.
 * Holds: while a question is open, it keeps the process alive; with none, it does not. A worker that dies unasked fails
 * through `broken`, and open questions are then never answered.
 */
import { Worker } from "node:worker_threads";
import { FolderLockedError, FormatError } from "./data-folder.ts";
import type { Floor } from "./log-file.ts";
import type { Answers, Chunk, FromWorker, Question, WorkerData } from "./messages.ts";

/** Its entry: the source beside this file or, in a bundle, an entry of its own beside the chunk that this file went into. */
const WORKER = new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./storage-worker.js", import.meta.url);

interface Open {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
}

interface Opened {
  readonly head: number;
  readonly floors: readonly Floor[];
}

export class WorkerLink {
  readonly #worker: Worker;
  readonly #open = new Map<number, Open>();
  readonly #broken: (error: Error) => void;
  #lastId = 0;
  #closing = false;

  private constructor(worker: Worker, broken: (error: Error) => void) {
    this.#worker = worker;
    this.#broken = broken;
  }

  /** Starts the worker; `loaded` is handed the content of the log, chunk by chunk, before the promise resolves. */
  static async start(
    data: WorkerData,
    loaded: (chunk: Chunk) => void,
    broken: (error: Error) => void,
  ): Promise<[WorkerLink, Opened]> {
    const worker = new Worker(WORKER, {
      name: "storage",
      workerData: data,
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: 4 },
    });
    const link = new WorkerLink(worker, broken);
    const opened = await new Promise<Opened>((resolve, reject) => {
      worker.once("error", reject);
      worker.on("message", (message: FromWorker) => {
        if (message.say === "chunk") loaded(message.chunk);
        else if (message.say === "opened") resolve(message);
        else if (message.say === "refused") reject(refusal(data.folder, message));
        else link.#receive(message);
      });
    });
    worker.removeAllListeners("error");
    worker.on("error", (error) => link.#fail(error instanceof Error ? error : new Error(String(error))));
    worker.on("exit", () => link.#fail(new Error("the storage thread ended unasked")));
    worker.unref();
    return [link, opened];
  }

  /** Asks; resolves synchronously with the arrival of the answer's message, so that answers are handled in order. */
  ask<Q extends Question>(question: Q): Promise<Answers[Q["ask"]]> {
    return new Promise((resolve, reject) => this.tell(question, resolve as (answer: never) => void, reject));
  }

  /** As `ask`, but calls back in the same turn in which the answer comes. */
  tell(
    question: Question,
    resolve: (answer: never) => void,
    reject: (error: Error) => void,
    transfer: ArrayBuffer[] = [],
  ): void {
    if (question.ask === "close") this.#closing = true;
    const id = ++this.#lastId;
    if (this.#open.size === 0) this.#worker.ref();
    this.#open.set(id, { resolve, reject });
    this.#worker.postMessage({ id, question }, transfer);
  }

  /** Ends the worker at once. */
  async end(): Promise<void> {
    this.#closing = true;
    await this.#worker.terminate();
  }

  #receive(message: Extract<FromWorker, { id: number }>): void {
    const open = this.#open.get(message.id);
    this.#open.delete(message.id);
    if (this.#open.size === 0) this.#worker.unref();
    if (message.say === "answer") open?.resolve(message.answer as never);
    else open?.reject(message.error);
  }

  #fail(error: Error): void {
    if (!this.#closing) this.#broken(error);
  }
}

function refusal(folder: string, { error, cause }: Extract<FromWorker, { say: "refused" }>): Error {
  if (cause === "locked") return new FolderLockedError(folder);
  return cause === "format" ? new FormatError(error.message) : error;
}
