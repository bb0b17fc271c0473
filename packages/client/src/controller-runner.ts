/**
 * Runs controllers: waits for their informers, turns changes into keys, and works the keys off. The contract of a reconcile stands in
 * controller.ts.
 * Holds: each controller has a queue of its own and cannot hold up another; handlers are subscribed only after all informers of the
 * controller have synced and its `start` has run, so that neither sees half a cache; a key rests for as long as its reconcile took, so that
 * the busier the server is, the more changes are gathered to one reconcile; after a stop nothing is reconciled, and `stopped` resolves when
 * what was in work has ended.
 */
import { type Clock, isReason, type Logger, type Random } from "@kubets/machinery";
import { WorkQueue } from "@kubets/machinery/work-queue";
import type { WorkQueueMetrics } from "@kubets/machinery/work-queue-metrics";
import type { Client } from "./client.ts";
import {
  type Cache,
  type Controller,
  type ControllerContext,
  type ControllerWatch,
  TerminalError,
} from "./controller.ts";
import type { EventRecorder } from "./event-recorder.ts";
import type { Subscription } from "./informer.ts";

export interface RunOptions {
  readonly client: Client;
  readonly cache: Cache;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Signs as "<name>-controller" for each; a controller takes another name by `as`. */
  readonly events: EventRecorder;
  readonly signal: AbortSignal;
  readonly metrics?: ControllerMetrics;
}

/** Where a metrics registry listens in; see controller-metrics.ts. */
export interface ControllerMetrics {
  reconciled(controller: string, outcome: ReconcileOutcome, durationMs: number): void;
  /** For the queue of a controller. */
  queue(controller: string): WorkQueueMetrics<string>;
}

export type ReconcileOutcome = "done" | "requeued" | "failed" | "terminal";

export interface RunningControllers {
  /** Resolves when all have synced and work; never, if they were stopped before. */
  readonly started: Promise<void>;
  readonly stopped: Promise<void>;
}

const WORKERS = 5;
const LONGEST_REST_MS = 1000;

export function runControllers(controllers: readonly Controller[], options: RunOptions): RunningControllers {
  const running = controllers.map((controller) => new RunningController(controller, options));
  const stopped = Promise.all(running.map((one) => one.run())).then(() => {});
  return { started: Promise.all(running.map(({ started }) => started.promise)).then(() => {}), stopped };
}

class RunningController {
  readonly started = Promise.withResolvers<void>();
  readonly #controller: Controller;
  readonly #options: RunOptions;
  readonly #queue: WorkQueue<string>;
  readonly #context: ControllerContext;
  readonly #log: Logger;

  constructor(controller: Controller, options: RunOptions) {
    const { client, cache, clock, random, events } = options;
    const metrics = options.metrics?.queue(controller.name);
    const queue = new WorkQueue<string>(clock, metrics && { metrics });
    this.#controller = controller;
    this.#options = options;
    this.#queue = queue;
    this.#log = options.log.with({ controller: controller.name });
    this.#context = {
      client,
      cache,
      clock,
      random,
      log: this.#log,
      events: events.as(`${controller.name}-controller`),
      enqueue: (key, afterMs = 0) => queue.addAfter(key, afterMs),
    };
  }

  async run(): Promise<void> {
    const { cache, signal } = this.#options;
    const { watches, workers = WORKERS } = this.#controller;
    const aborted = new Promise<"stopped">((resolve) => {
      if (signal.aborted) resolve("stopped");
      else signal.addEventListener("abort", () => resolve("stopped"), { once: true });
    });
    const synced = Promise.all(watches.map(({ resource }) => cache.informer(resource).synced));
    if ((await Promise.race([aborted, synced])) === "stopped") return;

    this.#controller.start?.(this.#context);
    const subscriptions = watches.map((watch) => this.#subscribe(watch));
    const working = Array.from({ length: workers }, () => this.#work());
    this.#log.info("controller started", { workers });
    this.started.resolve();

    await aborted;
    for (const subscription of subscriptions) subscription.stop();
    this.#queue.shutDown();
    await Promise.all(working);
    this.#controller.stop?.();
  }

  #subscribe(watch: ControllerWatch): Subscription {
    const context = this.#context;
    const add = (keys: readonly string[]) => {
      for (const key of keys) this.#queue.add(key);
    };
    return context.cache.informer(watch.resource).subscribe({
      added: (object) => add(watch.keys(object, undefined, context)),
      changed: (object, old) => add(watch.keys(object, old, context)),
      deleted: (object) => add(watch.keys(object, undefined, context)),
    });
  }

  async #work(): Promise<void> {
    const { signal } = this.#options;
    for (;;) {
      const key = await this.#queue.take();
      if (key === undefined) return;
      const tookMs = signal.aborted ? 0 : await this.#reconcile(key);
      this.#queue.done(key, Math.min(LONGEST_REST_MS, Math.floor(tookMs)));
    }
  }

  /** How long it took, in milliseconds. */
  async #reconcile(key: string): Promise<number> {
    const { clock, metrics } = this.#options;
    const began = clock.monotonic();
    let outcome: ReconcileOutcome;
    try {
      const requeue = await this.#controller.reconcile(key, this.#context);
      this.#queue.forget(key);
      if (requeue) this.#queue.addAfter(key, requeue.requeueAfterMs);
      outcome = requeue ? "requeued" : "done";
    } catch (error) {
      outcome = this.#failed(key, error);
    }
    const tookMs = clock.monotonic() - began;
    metrics?.reconciled(this.#controller.name, outcome, tookMs);
    return tookMs;
  }

  #failed(key: string, error: unknown): ReconcileOutcome {
    if (this.#options.signal.aborted) return "failed";
    if (error instanceof TerminalError) {
      this.#queue.forget(key);
      this.#log.error("a reconcile failed for good", { key, error });
      return "terminal";
    }
    this.#queue.addRateLimited(key);
    const fields = { key, error, failures: this.#queue.failures(key) };
    // Someone else was faster: the cache will show it, and the next try settles it.
    if (isReason(error, "Conflict")) this.#log.debug("a reconcile met a conflict", fields);
    else this.#log.error("a reconcile failed; trying again", fields);
    return "failed";
  }
}
