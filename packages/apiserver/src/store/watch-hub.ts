/**
 * From the changes of a resource to its watchers. Watchers that ask the same question share a class: an event is matched once for the class and
 * written into one frame, which all of them are handed. Questions about one node or one name are found by it, so an event costs only
 * those whom it may concern.
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
  readonly subscribers: Set<Subscriber>;
  batch: EventBatch | undefined;
}

export class WatchHub {
  readonly #definition: ResourceDefinition;
  readonly #classes = new Map<string, WatchClass>();
  /** Classes by what pins them: "field=value", or "" for those that must see every event. */
  readonly #pins = new Map<string, Set<WatchClass>>();
  #fields = new Set<string>();
  #touched: WatchClass[] = [];
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
      found = { selection, subscribers: new Set(), batch: undefined };
      this.#classes.set(selection.key, found);
      this.#pin(found);
    }
    const watchClass = found;
    watchClass.subscribers.add(subscriber);
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

  /** Hands the batches out. */
  flush(): void {
    const touched = this.#touched;
    this.#touched = [];
    for (const watchClass of touched) {
      const batch = watchClass.batch as EventBatch;
      watchClass.batch = undefined;
      for (const subscriber of watchClass.subscribers) subscriber.deliver(batch);
    }
  }

  /** Ends all watches; their clients begin anew. */
  end(): void {
    for (const { subscribers } of this.#classes.values()) for (const subscriber of subscribers) subscriber.end();
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
