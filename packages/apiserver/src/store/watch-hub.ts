/**
 * From the changes of a resource to its watchers. Watchers that ask the same question share a class: an event is matched once for the class and
 * written into one frame, which all of them are handed. Questions about one node or one name are found by it, so an event costs only
 * those whom it may concern. Where very many watch the same, they are handed it some at a time, and the event loop does other work in between.
 */
import type { ResourceDefinition } from "@kubets/api/resource";
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
  matches(object: CachedObject): boolean;
}

export interface Subscriber {
  /** Events of one durable batch, in order. Must not throw. */
  deliver(batch: EventBatch): void;
  /** Nothing follows: the resource is served no more, or otherwise. */
  end(): void;
}

interface WatchClass {
  readonly selection: Selection;
  /** Each with the number of the flush that it came after, in the order of their coming. */
  readonly subscribers: Map<Subscriber, number>;
  batch: EventBatch | undefined;
  /** Deliveries under way, oldest first: nobody is handed a batch before those that came earlier. */
  readonly underWay: Delivery[];
}

interface Delivery {
  readonly batch: EventBatch;
  /** Who came after this flush knows of it already. */
  readonly flush: number;
  readonly rest: Iterator<[Subscriber, number]>;
}

/** So many are handed a batch in one turn of the event loop: about two milliseconds. */
const AT_ONCE = 100;

export class WatchHub {
  readonly #definition: ResourceDefinition;
  readonly #classes = new Map<string, WatchClass>();
  /** Classes by what pins them: "field=value", or "" for those that must see every event. */
  readonly #pins = new Map<string, Set<WatchClass>>();
  #fields = new Set<string>();
  #touched: WatchClass[] = [];
  /** Classes with deliveries under way. */
  readonly #busy = new Set<WatchClass>();
  #flushes = 0;
  #watchers = 0;

  constructor(definition: ResourceDefinition) {
    this.#definition = definition;
  }

  get watchers(): number {
    return this.#watchers;
  }

  subscribe(selection: Selection, subscriber: Subscriber): () => void {
    let found = this.#classes.get(selection.key);
    if (!found) {
      found = { selection, subscribers: new Map(), batch: undefined, underWay: [] };
      this.#classes.set(selection.key, found);
      this.#pin(found);
    }
    const watchClass = found;
    watchClass.subscribers.set(subscriber, this.#flushes);
    this.#watchers++;
    return () => {
      if (!watchClass.subscribers.delete(subscriber)) return;
      this.#watchers--;
      if (watchClass.subscribers.size > 0) return;
      this.#classes.delete(selection.key);
      const pin = pinOf(selection);
      const pinned = this.#pins.get(pin);
      pinned?.delete(watchClass);
      if (pinned?.size === 0) this.#pins.delete(pin);
    };
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
      watchClass.underWay.push({ batch, flush, rest: watchClass.subscribers.entries() });
      if (watchClass.underWay.length > 1) continue;
      deliverSome(watchClass, AT_ONCE);
      if (watchClass.underWay.length > 0) this.#takeTurns(watchClass);
    }
  }

  /** Hands out at once what is under way: whoever says up to where it has told everything must have done so. */
  settle(): void {
    for (const watchClass of this.#busy) deliverSome(watchClass, Number.POSITIVE_INFINITY);
  }

  #takeTurns(watchClass: WatchClass): void {
    const isIdle = this.#busy.size === 0;
    this.#busy.add(watchClass);
    if (!isIdle) return;
    const turn = () => {
      for (const each of this.#busy) {
        deliverSome(each, AT_ONCE);
        this.#busy.delete(each);
        if (each.underWay.length > 0) this.#busy.add(each);
        break;
      }
      if (this.#busy.size > 0) setImmediate(turn);
    };
    setImmediate(turn);
  }

  /** Ends all watches; their clients begin anew. */
  end(): void {
    this.settle();
    for (const { subscribers } of this.#classes.values()) for (const subscriber of subscribers.keys()) subscriber.end();
  }

  #offer(classes: Set<WatchClass> | undefined, change: CachedChange): void {
    if (!classes) return;
    for (const watchClass of classes) {
      const event = eventFor(watchClass.selection, change);
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

function deliverSome({ underWay }: WatchClass, count: number): void {
  let left = count;
  for (let first = underWay[0]; first && left > 0; first = underWay[0]) {
    const next = first.rest.next();
    if (next.done || next.value[1] > first.flush) underWay.shift();
    else {
      left--;
      next.value[0].deliver(first.batch);
    }
  }
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
