/**
 * What would hold up the server for longer than a stretch is done in a thread of its own: judging large objects, and expressions that are long or cost much.
 * The thread is started when it is first needed, and ended when it was idle for a while. It works on one task at a time. What takes it too much time or memory
 * is not done; where the thread has to be ended for that, those behind it go to a new one.
 */
import { Worker } from "node:worker_threads";
import type { Activation, AuthorizationAnswer, AuthorizationQuestion } from "@kubets/cel";
import { myTurn, piece } from "@kubets/machinery/turns";
import { questionsOf } from "../admission/expressions/authorizer.ts";
import type { ExpressionText, Scope } from "../admission/expressions/expression.ts";
import { BudgetSpent, type Evaluated } from "../admission/expressions/run.ts";
import { isLarge } from "../large.ts";
import type {
  Answer,
  EvaluateResult,
  FromThread,
  Given,
  Judged,
  JudgedKind,
  NotDone,
  Result,
  Task,
  ToThread,
} from "./messages.ts";
import { partsOf } from "./parts.ts";

const WORKER = new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./long-work-worker.js", import.meta.url);
const MEMORY_MEGABYTES = 512;
/** V8 ends the whole process when the heap of a thread is still above its limit after one more collection: that limit is never to be reached. */
const HARD_LIMIT_MEGABYTES = 4 * MEMORY_MEGABYTES;
/** So often its memory is looked at while it works. */
const LOOK_MS = 100;
const LONGEST_MS = 30_000;
const IDLE_MS = 10_000;

/** Makes a task for a thread, which is given what it needs for it. */
type Make = (thread: Thread) => Promise<Task>;

/** Instead of a result: the thread is over. */
const AGAIN = Symbol("again");

interface Open {
  readonly resolve: (result: Result | typeof AGAIN) => void;
  readonly reject: (error: Error) => void;
}

/** What is to be judged: a kind that the thread knows, or its rules. */
interface Judging {
  readonly kind: JudgedKind;
  readonly subresource: string;
  readonly object: object;
  readonly old?: object;
}

class LongWork {
  #thread: Thread | undefined;
  #sessions = 0;

  /** Judges by the rules of the kind, which are sent where the thread has not seen them. */
  judge({ kind, subresource, object, old }: Judging): Promise<Judged | NotDone> {
    return this.#ask(async (thread) => {
      // Objects that are on their way may change: each time they are given as they are.
      const given = await thread.give(object);
      const before = old && (await thread.give(old));
      const known = "resource" in kind || thread.isNew(kind.key) ? kind : { key: kind.key };
      return { what: "judge", kind: known, subresource, object: given, ...(before && { old: before }) };
    }) as Promise<Judged | NotDone>;
  }

  /** Expressions of one scope over one activation, which share a budget. */
  evaluation(scope: Scope, activation: Activation, budget: number): ElsewhereEvaluation {
    const session = ++this.#sessions;
    const values: Record<string, unknown> = {};
    for (const name of VALUES) if (activation[name] !== undefined) values[name] = activation[name];
    const { own } = questionsOf(activation);
    return new ElsewhereEvaluation(
      (text, answers) =>
        this.#ask(async (thread) => {
          const task = { what: "evaluate", session, text, answers } as const;
          if (!thread.isNew(`session ${session}`)) return task;
          const given: Record<string, Given> = {};
          for (const [name, value] of Object.entries(values)) given[name] = await thread.giveOnce(value);
          return { ...task, begin: { scope, values: given, own, budget } };
        }) as Promise<EvaluateResult | NotDone>,
      () => this.#thread?.tell({ what: "end", session }),
    );
  }

  async #ask(make: Make): Promise<Result> {
    if (!this.#thread || this.#thread.isOver) this.#thread = new Thread();
    const result = await this.#thread.ask(make);
    return result === AGAIN ? this.#ask(make) : result;
  }
}

const VALUES = ["object", "oldObject", "request", "params", "namespaceObject"];

/** An evaluation that goes on in the other thread. */
export class ElsewhereEvaluation {
  readonly #send: (text: ExpressionText, answers: readonly Answer[]) => Promise<EvaluateResult | NotDone>;
  readonly #answers: Answer[] = [];

  constructor(
    send: (text: ExpressionText, answers: readonly Answer[]) => Promise<EvaluateResult | NotDone>,
    end: () => void,
  ) {
    this.#send = send;
    ended.register(this, end);
  }

  /** Rejects with BudgetSpent when that is so. */
  async evaluate(
    text: ExpressionText,
    ask: (question: AuthorizationQuestion) => Promise<AuthorizationAnswer>,
  ): Promise<Evaluated> {
    for (;;) {
      const result = await this.#send(text, this.#answers);
      if ("tooLong" in result) return { error: `expression '${text.source}' resulted in error: operation interrupted` };
      if ("budgetSpent" in result) throw new BudgetSpent();
      if ("evaluated" in result) return result.evaluated;
      this.#answers.push([result.question, await ask(result.question)]);
    }
  }
}

/** What the thread holds for an evaluation goes with it. */
const ended = new FinalizationRegistry((end: () => void) => end());

/** How many values a thread keeps that were given once. */
const KEPT = 16;

/** One thread, from its start to its end. */
class Thread {
  readonly #worker: Worker;
  readonly #open = new Map<number, Open>();
  readonly #sent = new Set<string>();
  /** Given once, the oldest first. */
  readonly #kept = new Map<unknown, Promise<Given>>();
  #making = 0;
  #lastId = 0;
  #timer: NodeJS.Timeout | undefined;
  #look: NodeJS.Timeout | undefined;
  isOver = false;

  constructor() {
    this.#worker = new Worker(WORKER, {
      name: "long work",
      execArgv: ["--disable-warning=ExperimentalWarning"],
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: HARD_LIMIT_MEGABYTES },
    });
    this.#worker.unref();
    this.#worker.on("message", (message: FromThread) => this.#answered(message));
    this.#worker.on("error", () => this.#end());
    this.#worker.on("exit", () => this.#end());
  }

  /** Whether something is said to it for the first time. */
  isNew(what: string): boolean {
    const isNew = !this.#sent.has(what);
    this.#sent.add(what);
    return isNew;
  }

  async ask(make: Make): Promise<Result | typeof AGAIN> {
    this.#making++;
    const task = await make(this).finally(() => this.#making--);
    if (this.isOver) return AGAIN;
    const { promise, resolve, reject } = Promise.withResolvers<Result | typeof AGAIN>();
    const id = ++this.#lastId;
    this.#open.set(id, { resolve, reject });
    if (this.#open.size === 1) {
      this.#worker.ref();
      this.#watch();
    }
    this.tell({ id, ...task });
    if (task.what === "judge")
      for (const given of [task.object, task.old]) if (given) this.tell({ what: "forget", ...given });
    this.#forgetOldest();
    return promise;
  }

  tell(message: ToThread): void {
    if (!this.isOver) this.#worker.postMessage(message);
  }

  /** Gives it a value, in turns with other work where that is large: it is copied. */
  async give(value: unknown): Promise<Given> {
    const given = { given: ++this.#lastId };
    const inTurns = isLarge(value);
    if (inTurns) await myTurn();
    let isOver = piece();
    for (const part of partsOf(value)) {
      if (inTurns && isOver()) {
        await myTurn();
        isOver = piece();
      }
      this.tell({ what: "give", ...given, ...part });
    }
    return given;
  }

  /** Gives it a value that never changes, if it does not have that yet. */
  giveOnce(value: unknown): Promise<Given> {
    const given = this.#kept.get(value) ?? this.give(value);
    this.#kept.delete(value);
    this.#kept.set(value, given);
    return given;
  }

  #forgetOldest(): void {
    for (const [value, given] of this.#kept) {
      if (this.#kept.size <= KEPT || this.#making > 0) return;
      this.#kept.delete(value);
      void given.then((told) => this.tell({ what: "forget", ...told }));
    }
  }

  /** Of what it is working on; or, when there is nothing, of how long it is kept. */
  #watch(): void {
    clearTimeout(this.#timer);
    const isIdle = this.#open.size === 0;
    this.#timer = setTimeout(() => this.#end(), isIdle ? IDLE_MS : LONGEST_MS);
    this.#timer.unref();
    this.#lookLater();
  }

  #lookLater(): void {
    if (this.#open.size > 0) this.#look ??= setTimeout(() => void this.#lookAtMemory(), LOOK_MS);
  }

  async #lookAtMemory(): Promise<void> {
    const memory = await this.#worker.getHeapStatistics().catch(() => undefined);
    this.#look = undefined;
    if (!memory || this.isOver) return;
    if (memory.used_heap_size + memory.external_memory > MEMORY_MEGABYTES * 2 ** 20) this.#end();
    else this.#lookLater();
  }

  #answered({ id, result, failed }: FromThread): void {
    const open = this.#open.get(id);
    this.#open.delete(id);
    if (this.#open.size === 0) this.#worker.unref();
    this.#watch();
    if (result) open?.resolve(result);
    else open?.reject(new Error(failed));
  }

  /** What it was working on is not done; the rest goes on in another one. */
  #end(): void {
    if (this.isOver) return;
    this.isOver = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#look);
    void this.#worker.terminate();
    const [current, ...left] = this.#open.values();
    this.#open.clear();
    current?.resolve({ tooLong: true });
    for (const open of left) open.resolve(AGAIN);
  }
}

export const longWork = new LongWork();
