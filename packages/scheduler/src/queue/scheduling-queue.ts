/**
 * The pods that wait to be scheduled. Active: to be tried now, best first. Backing off: to be tried when their time has come, or
 * earlier if there is nothing else to do (not so after an error). Waiting: no node fits, or a gate holds the pod, until a change that the
 * refusing plugins wait for; after five minutes they are tried without one.
 * Holds: a pod is in one place; what happens between `pop` and the pod's return is not missed, because the cycle is synchronous.
 */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { Clock, Timer } from "@kubets/machinery";
import { every } from "@kubets/machinery/clock";
import type { ClusterEvent } from "../framework/events.ts";
import type { Plugin, QueuedPod } from "../framework/plugin.ts";
import { podInfo } from "../framework/pod-info.ts";
import type { Refusal } from "../framework/refusals.ts";
import type { IncomingQueue } from "../metrics.ts";
import type { Cause } from "./causes.ts";
import { Heap } from "./heap.ts";
import { type Hinted, Hints } from "./hints.ts";
import { QueueEntry } from "./queue-entry.ts";
import { WaitingPods } from "./waiting-pods.ts";

export interface QueueOptions {
  readonly clock: Clock;
  readonly compare: (a: QueuedPod, b: QueuedPod) => number;
  readonly plugins: Iterable<Plugin>;
  /** The gate that holds the pod, if any. */
  readonly gate: (pod: Pod) => Refusal | undefined;
  /** Called when there is something to pop that was not there before. */
  readonly ready: () => void;
  readonly initialBackoffMs?: number;
  readonly maxBackoffMs?: number;
  /** Pods that back off are tried before their time where there is nothing else to do; unless said otherwise. */
  readonly popsFromBackoff?: boolean;
  /** After so long in vain a pod is tried again without a cause. */
  readonly longestWaitMs?: number;
  /** Told of each pod that comes into a queue, and what brought it there. */
  readonly entered?: (queue: IncomingQueue, cause: Cause) => void;
  /** Told how long a plugin's hint took, and what it was. */
  readonly hinted?: Hinted;
}

const INITIAL_BACKOFF_MS = 1000;
const MAX_BACKOFF_MS = 10_000;
const LONGEST_WAIT_MS = 5 * 60_000;
const FLUSH_PERIOD_MS = 30_000;
/** Pods whose backoff ends within the same window stand in the order of the queue. */
const BACKOFF_WINDOW_MS = 1000;

export class SchedulingQueue {
  readonly #options: QueueOptions;
  readonly #clock: Clock;
  readonly #hints: Hints;
  readonly #entries = new Map<string, QueueEntry>();
  readonly #active: Heap<QueueEntry>;
  readonly #backoff: Heap<QueueEntry>;
  readonly #errors: Heap<QueueEntry>;
  readonly #waiting = new WaitingPods();
  readonly #flush: Timer;
  #wake: { readonly timer: Timer; readonly at: number } | undefined;
  /** Counts the changes, and says which one was the last of its kind: a pod that is tried meanwhile must not miss it. */
  #heard = 0;
  readonly #lastHeard = new Map<ClusterEvent, number>();

  constructor(options: QueueOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#hints = new Hints(options.plugins, options.clock, options.hinted);
    const window = (entry: QueueEntry) => Math.ceil(entry.backoffUntil / BACKOFF_WINDOW_MS);
    this.#active = new Heap((entry: QueueEntry) => entry.uid, options.compare);
    this.#backoff = new Heap(
      (entry) => entry.uid,
      (a, b) => window(a) - window(b) || options.compare(a, b),
    );
    this.#errors = new Heap(
      (entry) => entry.uid,
      (a, b) => a.backoffUntil - b.backoffUntil,
    );
    this.#flush = every(this.#clock, FLUSH_PERIOD_MS, () => this.#flushLeftovers());
  }

  get #popsFromBackoff(): boolean {
    return this.#options.popsFromBackoff ?? true;
  }

  get counts(): { active: number; backoff: number; unschedulable: number; gated: number } {
    const backoff = this.#backoff.size + this.#errors.size;
    const gated = this.#waiting.gated;
    return { active: this.#active.size, backoff, unschedulable: this.#waiting.size - gated, gated };
  }

  /** Those for which no node fits, and those behind a gate. */
  waiting(): readonly QueueEntry[] {
    return this.#waiting.values();
  }

  has(uid: string): boolean {
    return this.#entries.has(uid);
  }

  add(pod: Pod): void {
    if (this.#entries.has(pod.metadata.uid)) return;
    const entry = new QueueEntry(podInfo(pod), this.#clock.monotonic());
    this.#entries.set(entry.uid, entry);
    this.#toActive(entry, "PodAdd");
  }

  /** The pod in a new revision. `relevant`: something changed that may let it run. */
  update(pod: Pod, old: Pod, relevant: boolean): void {
    const entry = this.#entries.get(pod.metadata.uid);
    if (!entry) {
      this.add(pod);
      return;
    }
    entry.info = podInfo(pod);
    for (const heap of [this.#active, this.#backoff, this.#errors]) if (heap.has(entry.uid)) heap.set(entry);
    if (!relevant) return;
    if (this.#waiting.has(entry.uid)) this.#move(entry, "pod/self", old, pod);
    else entry.changed = true;
  }

  delete(uid: string): void {
    this.#entries.delete(uid);
    this.#take(uid);
  }

  /** The next pod to try; it stays known until `done` or its return. */
  pop(): QueueEntry | undefined {
    const entry = this.#active.pop() ?? (this.#popsFromBackoff ? this.#backoff.pop() : undefined);
    return entry && this.#begin(entry);
  }

  /** A pod that is tried together with another, wherever it waits; not one that is tried already, or that a gate holds. */
  popAlong(uid: string): QueueEntry | undefined {
    const entry = this.#entries.get(uid);
    if (!entry || this.#isFlying(entry) || this.#options.gate(entry.pod)) return undefined;
    this.#take(uid);
    return this.#begin(entry);
  }

  #begin(entry: QueueEntry): QueueEntry {
    entry.attempts++;
    entry.heard = this.#heard;
    entry.changed = false;
    return entry;
  }

  get isEmpty(): boolean {
    return this.#active.size === 0 && (this.#backoff.size === 0 || !this.#popsFromBackoff);
  }

  /** The pod is bound, or is none of ours any more. */
  done(uid: string): void {
    this.delete(uid);
  }

  /** No node fits: it waits for a change, unless one that may help came while it was tried. */
  putBackRefused(entry: QueueEntry, refusedBy: ReadonlySet<string>): void {
    if (!this.#isFlying(entry)) return;
    entry.refusedBy = refusedBy;
    entry.failures++;
    entry.flushed = false;
    this.#stamp(entry);
    const missed = this.#missed(entry);
    if (missed) {
      this.#retry(entry, missed);
      return;
    }
    this.#waiting.set(entry);
    this.#options.entered?.("unschedulable", "ScheduleAttemptFailure");
  }

  /** Something went wrong: it is tried again after its backoff. */
  putBackFailed(entry: QueueEntry): void {
    if (!this.#isFlying(entry)) return;
    entry.refusedBy = new Set();
    entry.failures++;
    this.#stamp(entry);
    this.#errors.set(entry);
    this.#options.entered?.("backoff", "ScheduleAttemptFailure");
    this.#arm();
  }

  /** Something in the cluster changed; it is nothing new to the pod that is left out. */
  moveAll(event: ClusterEvent, old: unknown, now: unknown, except?: string): void {
    this.#lastHeard.set(event, ++this.#heard);
    if (this.#waiting.size === 0) return;
    const concerned = this.#waiting.refusedBy((plugin) => this.#hints.waitsFor(plugin, event));
    for (const entry of concerned) if (entry.uid !== except) this.#move(entry, event, old, now);
  }

  /** Tries a pod at once, whatever it waits for. */
  activate(uid: string): void {
    const entry = this.#entries.get(uid);
    if (entry && this.#take(uid)) this.#toActive(entry, "ForceActivate");
  }

  close(): void {
    this.#flush.cancel();
    this.#wake?.timer.cancel();
  }

  #move(entry: QueueEntry, event: ClusterEvent, old: unknown, now: unknown): void {
    if (this.#hints.worthTrying(entry, event, old, now)) this.#retry(entry, event);
  }

  #retry(entry: QueueEntry, cause: Cause): void {
    this.#waiting.delete(entry.uid);
    if (entry.backoffUntil <= this.#clock.monotonic()) {
      this.#toActive(entry, cause);
      return;
    }
    this.#backoff.set(entry);
    this.#options.entered?.("backoff", cause);
    this.#arm();
    this.#options.ready();
  }

  #toActive(entry: QueueEntry, cause: Cause): void {
    const gate = this.#options.gate(entry.pod);
    entry.gated = gate !== undefined;
    if (gate) {
      entry.refusedBy = new Set(gate.plugin ? [gate.plugin] : []);
      this.#waiting.set(entry);
      this.#options.entered?.("gated", cause);
      return;
    }
    this.#active.set(entry);
    this.#options.entered?.("active", cause);
    this.#options.ready();
  }

  /** Popped, and neither bound nor deleted since. */
  #isFlying({ uid }: QueueEntry): boolean {
    const places = [this.#active, this.#backoff, this.#errors, this.#waiting];
    return this.#entries.has(uid) && !places.some((place) => place.has(uid));
  }

  #take(uid: string): boolean {
    const gone = [
      this.#active.delete(uid),
      this.#backoff.delete(uid),
      this.#errors.delete(uid),
      this.#waiting.delete(uid),
    ];
    return gone.some(Boolean);
  }

  /** A kind of change that came since the try began, and that one who refused waits for. */
  #missed({ heard, changed, refusedBy }: QueueEntry): ClusterEvent | undefined {
    if (changed) return "pod/self";
    if (heard === this.#heard) return undefined;
    for (const [event, last] of this.#lastHeard) {
      if (last > heard && [...refusedBy].some((plugin) => this.#hints.waitsFor(plugin, event))) return event;
    }
    return undefined;
  }

  #stamp(entry: QueueEntry): void {
    const { initialBackoffMs = INITIAL_BACKOFF_MS, maxBackoffMs = MAX_BACKOFF_MS } = this.#options;
    entry.queued = this.#clock.monotonic();
    entry.backoffUntil = entry.queued + Math.min(maxBackoffMs, initialBackoffMs * 2 ** (entry.failures - 1));
  }

  /** Sets the timer for the first backoff that ends. */
  #arm(): void {
    const ends = [this.#backoff, this.#errors].map((heap) => heap.peek()?.backoffUntil ?? Infinity);
    const at = Math.min(...ends);
    if (at === Infinity || (this.#wake && this.#wake.at <= at)) return;
    this.#wake?.timer.cancel();
    const timer = this.#clock.after(at - this.#clock.monotonic(), () => this.#endBackoffs());
    this.#wake = { timer, at };
  }

  #endBackoffs(): void {
    this.#wake = undefined;
    const now = this.#clock.monotonic();
    for (const heap of [this.#backoff, this.#errors]) {
      for (let entry = heap.peek(); entry && entry.backoffUntil <= now; entry = heap.peek()) {
        heap.pop();
        this.#toActive(entry, "BackoffComplete");
      }
    }
    this.#arm();
  }

  #flushLeftovers(): void {
    const before = this.#clock.monotonic() - (this.#options.longestWaitMs ?? LONGEST_WAIT_MS);
    for (const entry of this.#waiting.values())
      if (!entry.gated && entry.queued <= before) {
        this.#retry(entry, "UnschedulableTimeout");
        entry.flushed = true;
      }
  }
}
