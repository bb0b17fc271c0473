/**
 * What would hold up the server for longer than a stretch is done in a thread of its own: judging large objects, and expressions that are long or cost much.
 * The thread is started when it is first needed, and ended when it was idle for a while. It works on one task at a time. What takes it too much time or memory
 * is not done; where the thread has to be ended for that, those behind it go to a new one.
 */
import { Worker } from "node:worker_threads";
import type { Activation, AuthorizationAnswer, AuthorizationQuestion } from "@kubets/cel";
import { myTurn } from "@kubets/machinery/turns";
import { questionsOf } from "../admission/expressions/authorizer.ts";
import type { ExpressionText, Scope } from "../admission/expressions/expression.ts";
import { BudgetSpent, type Evaluated } from "../admission/expressions/run.ts";
import type {
  Answer,
  EvaluateResult,
  FromThread,
  Judged,
  JudgeTask,
  NotDone,
  Result,
  Task,
  ToThread,
} from "./messages.ts";

const WORKER = new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./long-work-worker.js", import.meta.url);
const MEMORY_MEGABYTES = 512;
const LONGEST_MS = 30_000;
const IDLE_MS = 10_000;

/** Makes a task for a thread that has been sent these keys before. */
type Make = (sent: Set<string>) => Task;

interface Open {
  readonly make: Make;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
}

class LongWork {
  #thread: Thread | undefined;
  #sessions = 0;

  /** Judges by the rules of the kind, which are sent where the thread has not seen them. */
  async judge(task: JudgeTask): Promise<Judged | NotDone> {
    // What is sent is copied: that may be much, too.
    await myTurn();
    return (await this.#ask((sent) => {
      const { kind } = task;
      if ("resource" in kind) return task;
      if (sent.has(kind.key)) return { ...task, kind: { key: kind.key } };
      sent.add(kind.key);
      return task;
    })) as Judged | NotDone;
  }

  /** Expressions of one scope over one activation, which share a budget. */
  evaluation(scope: Scope, activation: Activation, budget: number): ElsewhereEvaluation {
    const session = ++this.#sessions;
    const values: Record<string, unknown> = {};
    for (const name of VALUES) if (activation[name] !== undefined) values[name] = activation[name];
    const { own } = questionsOf(activation);
    const begin = { scope, values, own, budget };
    return new ElsewhereEvaluation(
      async (text, answers) => {
        await myTurn();
        return (await this.#ask((sent) => {
          const key = `session ${session}`;
          const task = { what: "evaluate", session, text, answers } as const;
          if (sent.has(key)) return task;
          sent.add(key);
          return { ...task, begin };
        })) as EvaluateResult | NotDone;
      },
      () => this.#thread?.tell({ what: "end", session }),
    );
  }

  #ask(make: Make): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    this.#post({ make, resolve, reject });
    return promise;
  }

  #post(open: Open): void {
    if (!this.#thread || this.#thread.isOver)
      this.#thread = new Thread((left) => left.forEach((one) => this.#post(one)));
    this.#thread.ask(open);
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

/** One thread, from its start to its end. */
class Thread {
  readonly #worker: Worker;
  readonly #open = new Map<number, Open>();
  readonly #sent = new Set<string>();
  readonly #goOn: (left: readonly Open[]) => void;
  #lastId = 0;
  #timer: NodeJS.Timeout | undefined;
  isOver = false;

  constructor(goOn: (left: readonly Open[]) => void) {
    this.#goOn = goOn;
    this.#worker = new Worker(WORKER, {
      name: "long work",
      execArgv: ["--disable-warning=ExperimentalWarning"],
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_MEGABYTES },
    });
    this.#worker.unref();
    this.#worker.on("message", (message: FromThread) => this.#answered(message));
    // Out of memory, mostly.
    this.#worker.on("error", () => this.#end());
    this.#worker.on("exit", () => this.#end());
  }

  ask(open: Open): void {
    const id = ++this.#lastId;
    this.#open.set(id, open);
    if (this.#open.size === 1) {
      this.#worker.ref();
      this.#watch();
    }
    this.tell({ id, ...open.make(this.#sent) });
  }

  tell(message: ToThread): void {
    if (!this.isOver) this.#worker.postMessage(message);
  }

  /** Of what it is working on; or, when there is nothing, of how long it is kept. */
  #watch(): void {
    clearTimeout(this.#timer);
    const isIdle = this.#open.size === 0;
    this.#timer = setTimeout(() => this.#end(), isIdle ? IDLE_MS : LONGEST_MS);
    this.#timer.unref();
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
    void this.#worker.terminate();
    const [current, ...left] = this.#open.values();
    this.#open.clear();
    current?.resolve({ tooLong: true });
    this.#goOn(left);
  }
}

export const longWork = new LongWork();
