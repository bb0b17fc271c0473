/**
 * What the runtime holds of every pod, kept up to date: by the runtime's events, or by asking.
 * Holds: asking happens often only while something is going on (`stir`), rarely otherwise; who listens is told of a pod only when it
 * changed; an older reading never replaces a newer one.
 */
import { type Clock, type Logger, type Random, sleep, type Timer } from "@kubets/machinery";
import { Backoff } from "@kubets/machinery/backoff";
import type { KubeletMetrics } from "../metrics/kubelet-metrics.ts";
import { POD_UID } from "../runtime/names.ts";
import { isRuntimeError, type Runtime, type RuntimeContainer, type Sandbox } from "../runtime/runtime.ts";
import {
  type MadeContainer,
  newestFirst,
  noRuntimeState,
  type PodRuntimeState,
  readPodState,
  recordOf,
} from "./runtime-state.ts";

interface RuntimeCacheOptions {
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly metrics?: KubeletMetrics;
  changed(podUid: string): void;
}

/** With events only to find what was missed; without them this is how an end is found. */
const QUIET_MS = { events: 30_000, polling: 1000 };
const BUSY_MS = 100;
/** How long after the last action the runtime is asked often. */
const BUSY_FOR_MS = 2000;
/** When to look again after an event that names no pod: the runtime itself may hear of it later, on a busy machine much later. */
const AFTER_EVENT_MS = [50, 100, 200, 400, 800, 1600, 3200];
/** Several events of one moment are one reading. */
const GATHER_MS = 5;

interface Known {
  readonly state: PodRuntimeState;
  readonly ticket: number;
  readonly mark: string;
}

export class RuntimeCache {
  readonly #options: RuntimeCacheOptions;
  readonly #pods = new Map<string, Known>();
  #tickets = 0;
  #hasEvents = false;
  #busyUntil = 0;
  /** How many of the looks after the last event have been had. */
  #looks = AFTER_EVENT_MS.length;
  #timer: Timer | undefined;
  #due = Number.POSITIVE_INFINITY;
  #relisting = false;
  /** The last time that the runtime answered, on the monotonic clock. */
  lastRelist = Number.NEGATIVE_INFINITY;
  lastError: Error | undefined;

  constructor(options: RuntimeCacheOptions) {
    this.#options = options;
  }

  /** The first full reading, then watching until the signal. */
  async start(): Promise<void> {
    await this.relist();
    this.#schedule(0);
    void this.#watch();
    this.#options.signal.addEventListener("abort", () => this.#timer?.cancel());
  }

  get(podUid: string): PodRuntimeState {
    return this.#pods.get(podUid)?.state ?? noRuntimeState;
  }

  all(): [string, PodRuntimeState][] {
    return [...this.#pods].map(([uid, { state }]) => [uid, state]);
  }

  /** Something is going on: look soon. */
  stir(): void {
    if (this.#hasEvents) return;
    this.#busyUntil = this.#options.clock.monotonic() + BUSY_FOR_MS;
    this.#schedule(BUSY_MS);
  }

  /** Reads one pod now. */
  async refresh(podUid: string): Promise<PodRuntimeState> {
    const { runtime } = this.#options;
    const ticket = ++this.#tickets;
    const [sandboxes, containers] = await Promise.all([runtime.listSandboxes(podUid), runtime.listContainers(podUid)]);
    await this.#take(podUid, sandboxes, containers, ticket);
    return this.get(podUid);
  }

  /** Takes in what was just made, whose own status is all that is asked for. */
  async madeSandbox(podUid: string, id: string): Promise<void> {
    await this.#add(podUid, async () => {
      const made = await this.#options.runtime.sandboxStatus(id);
      return ({ sandboxes, containers }) => ({ sandboxes: newestFirst([made, ...without(sandboxes, id)]), containers });
    });
  }

  async madeContainer(podUid: string, made: MadeContainer): Promise<void> {
    await this.#add(podUid, async () => {
      const record = recordOf(await this.#options.runtime.containerStatus(made.id), made);
      return ({ sandboxes, containers }) => ({
        sandboxes,
        containers: newestFirst([record, ...without(containers, made.id)]),
      });
    });
  }

  async #add(uid: string, read: () => Promise<(known: PodRuntimeState) => PodRuntimeState>): Promise<void> {
    const ticket = ++this.#tickets;
    const extend = await read();
    const known = this.#pods.get(uid);
    if (known && known.ticket > ticket) return void this.#lookAgain();
    const state = extend(known?.state ?? noRuntimeState);
    this.#pods.set(uid, { state, ticket, mark: markOf(state.sandboxes, state.containers) });
  }

  async relist(): Promise<void> {
    const { runtime, clock, metrics } = this.#options;
    const ticket = ++this.#tickets;
    const began = clock.monotonic();
    const [sandboxes, containers] = await Promise.all([runtime.listSandboxes(), runtime.listContainers()]);
    this.lastRelist = clock.monotonic();
    metrics?.relisted((this.lastRelist - began) / 1000);
    const byPod = new Map<string, { sandboxes: Sandbox[]; containers: RuntimeContainer[] }>();
    const of = (uid: string) => {
      let found = byPod.get(uid);
      if (!found) byPod.set(uid, (found = { sandboxes: [], containers: [] }));
      return found;
    };
    for (const sandbox of sandboxes) if (sandbox.labels[POD_UID]) of(sandbox.labels[POD_UID]).sandboxes.push(sandbox);
    for (const container of containers)
      if (container.labels[POD_UID]) of(container.labels[POD_UID]).containers.push(container);
    for (const uid of this.#pods.keys()) of(uid);
    for (const [uid, found] of byPod) {
      if (await this.#take(uid, found.sandboxes, found.containers, ticket)) this.#options.changed(uid);
    }
  }

  async #take(
    uid: string,
    sandboxes: readonly Sandbox[],
    containers: readonly RuntimeContainer[],
    ticket: number,
  ): Promise<boolean> {
    const known = this.#pods.get(uid);
    const mark = markOf(sandboxes, containers);
    if (known?.mark === mark) return false;
    if (known && known.ticket > ticket) return this.#lookAgain();
    const state = await readPodState(this.#options.runtime, sandboxes, containers, known?.state ?? noRuntimeState);
    if ((this.#pods.get(uid)?.ticket ?? 0) > ticket) return this.#lookAgain();
    if (mark === "") this.#pods.delete(uid);
    else this.#pods.set(uid, { state, ticket, mark });
    return true;
  }

  /** Two readings crossed, and which of them is the truth is not known. */
  #lookAgain(): false {
    this.#schedule(GATHER_MS);
    return false;
  }

  #schedule(delayMs: number): void {
    const { clock, signal } = this.#options;
    const due = clock.monotonic() + delayMs;
    if (signal.aborted || due >= this.#due) return;
    this.#timer?.cancel();
    this.#due = due;
    this.#timer = clock.after(delayMs, () => {
      this.#due = Number.POSITIVE_INFINITY;
      void this.#tick();
    });
  }

  async #tick(): Promise<void> {
    if (this.#relisting) return this.#schedule(GATHER_MS);
    this.#relisting = true;
    try {
      await this.relist();
      this.lastError = undefined;
    } catch (error) {
      this.lastError = error as Error;
      if (!this.#options.signal.aborted) this.#options.log.warn("the runtime could not be asked", { error });
    } finally {
      this.#relisting = false;
    }
    const look = AFTER_EVENT_MS[this.#looks++];
    if (look !== undefined) this.#schedule(look);
    const busy = this.#options.clock.monotonic() < this.#busyUntil;
    this.#schedule(busy ? BUSY_MS : this.#hasEvents ? QUIET_MS.events : QUIET_MS.polling);
  }

  /** Follows the runtime's events for as long as it has any. */
  async #watch(): Promise<void> {
    const { runtime, clock, random, signal, log, metrics } = this.#options;
    const backoff = new Backoff(clock, random, { initialMs: 200, maxMs: 10_000, resetAfterMs: 60_000 });
    while (!signal.aborted) {
      try {
        this.#hasEvents = true;
        metrics?.eventsTold();
        await runtime.watch((uid) => this.#hear(uid), signal);
      } catch (error) {
        if (signal.aborted) return;
        metrics?.eventsBroken();
        this.#hasEvents = false;
        this.#schedule(QUIET_MS.polling);
        if (isRuntimeError(error, "Unimplemented")) {
          log.info("the runtime tells no events; it is asked each second");
          return;
        }
        log.debug("the runtime's events broke off", { error });
      }
      this.#hasEvents = false;
      this.#schedule(0);
      await sleep(clock, backoff.next(), signal).catch(() => {});
    }
  }

  #hear(uid: string): void {
    if (uid === "") {
      this.#looks = 0;
      return this.#schedule(GATHER_MS);
    }
    void this.#hearOf(uid);
  }

  async #hearOf(uid: string): Promise<void> {
    const before = this.#pods.get(uid);
    try {
      await this.refresh(uid);
    } catch (error) {
      this.#options.log.debug("a pod could not be read from the runtime", { uid, error });
      return this.#schedule(BUSY_MS);
    }
    if (this.#pods.get(uid) !== before) this.#options.changed(uid);
  }
}

const without = <T extends { readonly id: string }>(all: readonly T[], id: string) =>
  all.filter((each) => each.id !== id);

/** Differs when anything happened. */
const markOf = (sandboxes: readonly Sandbox[], containers: readonly RuntimeContainer[]): string =>
  [...sandboxes.map(({ id, ready }) => `${id}${ready}`), ...containers.map(({ id, phase }) => id + phase)]
    .sort()
    .join(" ");
