/**
 * From the changes of a resource to its watchers. Watchers that ask the same question share a class: an event is matched once for the class and
 * written into one frame, which all of them are handed. Questions about one node or one name are found by it, so an event costs only
 * those whom it may concern. Where very many watch the same, they are handed it some at a time, and the event loop does other work in between; what happens
 * meanwhile is put together, so that each is written to once for all of it.
 */
import type { ResourceDefinition } from "@kubets/api/resource";
import { piece, Road } from "@kubets/machinery/turns";
import type { CachedChange } from "./cached-change.ts";
import type { CachedObject } from "./cached-object.ts";
import { EventBatch, type WatchEventType } from "./event-batch.ts";

/** What a watcher (or a list) wants to see. */
export interface Selection {
  /** The same for the same question. */
  readonly key: string;
  readonly namespace?: string;
  readonly name?: string;
  /** A field that must have one value, by which events are sent to few classes: spec.nodeName of pods. */
  readonly pinned?: { readonly field: string; readonly value: string };
  readonly shard?: Shard;
  matches(object: CachedObject): boolean;
}

/** A share of the objects, by their hash. An object never changes its shard. */
export interface Shard {
  readonly text: string;
  has(object: CachedObject): boolean;
}

export interface Subscriber {
  /** Events of one durable batch, in order. Must not throw. */
  deliver(batch: EventBatch): void;
  /** Nothing follows: the resource is served no more, or otherwise. */
  end(): void;
}

export interface Subscription {
  /** Hands out at once what the subscriber is owed. */
  settle(): void;
  stop(): void;
}

interface WatchClass {
  readonly selection: Selection;
  /** Each with the first flush that it is to be told of: those before it knows already. */
  readonly subscribers: Map<Subscriber, number>;
  batch: EventBatch | undefined;
  /** What is handed out now, to whom it was not yet. */
  round: Round | undefined;
  /** What comes after that. */
  readonly next: Flushed[];
}

interface Flushed {
  readonly flush: number;
  readonly batch: EventBatch;
}

interface Round {
  readonly parts: readonly Flushed[];
  /** All of them together. */
  readonly whole: EventBatch;
  readonly rest: Iterator<Subscriber, undefined>;
}

/** So many are handed a batch at once. */
const AT_ONCE = 20;
/** So much is put together. */
const ROUND_BYTES = 256 * 1024;
/** What is handed out in one turn of the event loop, to whoever watches whatever. */
const TURN_MS = 2;
export const deliveries = new Road();

export class WatchHub {
  readonly #definition: ResourceDefinition;
  readonly #classes = new Map<string, WatchClass>();
  /** Classes by what pins them: "field=value", or "" for those that must see every event. */
  readonly #pins = new Map<string, Set<WatchClass>>();
  #fields = new Set<string>();
  #touched: WatchClass[] = [];
  #flushes = 0;
  #watchers = 0;
  /** How many watch shards, and how many events they were not offered, as those are of other shards. */
  readonly shards = { watchers: 0, leftOut: 0 };

  constructor(definition: ResourceDefinition) {
    this.#definition = definition;
  }

  get watchers(): number {
    return this.#watchers;
  }

  subscribe(selection: Selection, subscriber: Subscriber): Subscription {
    let found = this.#classes.get(selection.key);
    if (!found) {
      found = { selection, subscribers: new Map(), batch: undefined, round: undefined, next: [] };
      this.#classes.set(selection.key, found);
      this.#pin(found);
    }
    const watchClass = found;
    watchClass.subscribers.set(subscriber, this.#flushes);
    this.#watchers++;
    if (selection.shard) this.shards.watchers++;
    return {
      stop: () => this.#leave(watchClass, subscriber),
      settle: () => settle(watchClass, subscriber),
    };
  }

  #leave(watchClass: WatchClass, subscriber: Subscriber): void {
    if (!watchClass.subscribers.delete(subscriber)) return;
    const { selection } = watchClass;
    this.#watchers--;
    if (selection.shard) this.shards.watchers--;
    if (watchClass.subscribers.size > 0) return;
    this.#classes.delete(selection.key);
    const pin = pinOf(selection);
    const pinned = this.#pins.get(pin);
    pinned?.delete(watchClass);
    if (pinned?.size === 0) this.#pins.delete(pin);
  }

  /** Takes a change into the batch of each class that it concerns. */
  add(change: CachedChange): void {
    if (this.#classes.size === 0) return;
    this.#offer(this.#pins.get(""), change);
    const seen = new Set<string>();
    for (const object of [change.current, change.previous]) {
      if (!object) continue;
      for (const pin of this.#pinsOf(object)) {
        if (seen.has(pin)) continue;
        seen.add(pin);
        this.#offer(this.#pins.get(pin), change);
      }
    }
  }

  /** Hands the batches out: to those few who watch something at once, to many in turns. */
  flush(): void {
    const touched = this.#touched;
    this.#touched = [];
    const flush = this.#flushes++;
    for (const watchClass of touched) {
      const batch = watchClass.batch as EventBatch;
      watchClass.batch = undefined;
      watchClass.next.push({ flush, batch });
      if (watchClass.round) continue;
      let left = AT_ONCE;
      if (!handOut(watchClass, () => --left === 0)) void handOutInTurns(watchClass);
    }
  }

  /** Ends all watches; their clients begin anew. */
  end(): void {
    for (const watchClass of this.#classes.values())
      for (const subscriber of watchClass.subscribers.keys()) {
        settle(watchClass, subscriber);
        subscriber.end();
      }
  }

  #offer(classes: Set<WatchClass> | undefined, change: CachedChange): void {
    if (!classes) return;
    const object = change.current ?? change.previous;
    for (const watchClass of classes) {
      const { selection, subscribers } = watchClass;
      if (selection.shard && object && !selection.shard.has(object)) {
        this.shards.leftOut += subscribers.size;
        continue;
      }
      const event = eventFor(selection, change);
      if (!event) continue;
      if (!watchClass.batch) {
        watchClass.batch = new EventBatch();
        this.#touched.push(watchClass);
      }
      watchClass.batch.add(event.type, event.object);
    }
  }

  #pin(watchClass: WatchClass): void {
    const { pinned } = watchClass.selection;
    if (pinned) this.#fields.add(pinned.field);
    const pin = pinOf(watchClass.selection);
    let classes = this.#pins.get(pin);
    if (!classes) this.#pins.set(pin, (classes = new Set()));
    classes.add(watchClass);
  }

  *#pinsOf(object: CachedObject): Generator<string> {
    yield `metadata.name=${object.name}`;
    if (object.namespace) yield `metadata.namespace=${object.namespace}`;
    for (const field of this.#fields) {
      const read = this.#definition.selectableFields?.[field];
      if (read) yield `${field}=${object.field(field, read)}`;
    }
  }
}

async function handOutInTurns(watchClass: WatchClass): Promise<void> {
  do await deliveries.turn();
  while (!handOut(watchClass, piece({ ms: TURN_MS })));
}

/** Hands out what there is, until it is told to stop; says whether all have been handed everything. */
function handOut(watchClass: WatchClass, isOver: () => boolean): boolean {
  const { subscribers } = watchClass;
  for (;;) {
    const round = (watchClass.round ??= beginRound(watchClass));
    if (!round) return true;
    const { done, value } = round.rest.next();
    if (done) watchClass.round = undefined;
    else {
      hand(subscribers, value, round.parts, round.whole);
      if (isOver()) return false;
    }
  }
}

function beginRound({ next, subscribers }: WatchClass): Round | undefined {
  const [first] = next;
  if (!first) return undefined;
  let bytes = 0;
  let count = 0;
  do for (const { object } of (next[count] as Flushed).batch.events) bytes += object.bytes.length;
  while (++count < next.length && bytes < ROUND_BYTES);
  const parts = next.splice(0, count);
  if (count === 1) return { parts, whole: first.batch, rest: subscribers.keys() };
  const whole = new EventBatch();
  for (const { batch } of parts) for (const { type, object } of batch.events) whole.add(type, object);
  return { parts, whole, rest: subscribers.keys() };
}

/** Hands a subscriber what it does not know yet. */
function hand(
  subscribers: WatchClass["subscribers"],
  subscriber: Subscriber,
  parts: readonly Flushed[],
  whole?: EventBatch,
): void {
  const from = subscribers.get(subscriber);
  const last = parts.at(-1);
  if (from === undefined || !last || from > last.flush) return;
  // First: it may leave when it is handed something.
  subscribers.set(subscriber, last.flush + 1);
  if (whole && from <= (parts[0] as Flushed).flush) subscriber.deliver(whole);
  else for (const { flush, batch } of parts) if (flush >= from) subscriber.deliver(batch);
}

/** Hands a subscriber out of turn what it is owed: whoever says up to where it has told everything must have done so. */
function settle({ round, next, subscribers }: WatchClass, subscriber: Subscriber): void {
  hand(subscribers, subscriber, [...(round?.parts ?? []), ...next]);
}

function pinOf({ name, namespace, pinned }: Selection): string {
  if (name !== undefined) return `metadata.name=${name}`;
  if (pinned) return `${pinned.field}=${pinned.value}`;
  return namespace ? `metadata.namespace=${namespace}` : "";
}

/** How a change looks through a selection: what enters is added, what leaves is deleted. */
export function eventFor(
  selection: Selection,
  change: CachedChange,
): { type: WatchEventType; object: CachedObject } | undefined {
  const was = change.previous !== undefined && selection.matches(change.previous);
  if (change.current && selection.matches(change.current))
    return { type: was ? "MODIFIED" : "ADDED", object: change.current };
  return was ? { type: "DELETED", object: change.gone as CachedObject } : undefined;
}
