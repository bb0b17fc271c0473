/**
 * The view itself: a store whose changes are told to handlers. Changes come one by one (from a watch) or as a whole (from a list).
 * Holds: when a handler is called the store already shows the change, and nothing later; an object that was replaced by another of the
 * same name is told as deleted and added; a state that is already known is not told again; a handler that throws harms only itself.
 */
import type { KubeObject } from "@kubets/api/meta";
import type { Logger } from "@kubets/machinery";
import { type InformerHandler, keyOf, type Subscription } from "../informer.ts";
import { Store } from "./store.ts";

interface Subscriber<T> {
  readonly handler: InformerHandler<T>;
  active: boolean;
}

export class View<T extends KubeObject> {
  readonly store = new Store<T>();
  readonly #log: Logger;
  /** Replaced, never changed, so that one who subscribes while a change is told does not hear of it twice. */
  #subscribers: readonly Subscriber<T>[] = [];

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Takes in an object as it is now. */
  set(object: T): void {
    const key = keyOf(object);
    const old = this.store.get(key);
    if (old === undefined) {
      this.store.set(key, object);
      this.#tell((handler) => handler.added?.(object));
    } else if (old.metadata.uid !== object.metadata.uid) {
      this.delete(old);
      this.set(object);
    } else if (old.metadata.resourceVersion !== object.metadata.resourceVersion) {
      this.store.set(key, object);
      this.#tell((handler) => handler.changed?.(object, old));
    }
  }

  /** Takes an object out; `object` is its last state. */
  delete(object: T): void {
    const key = keyOf(object);
    if (this.store.get(key) === undefined) return;
    this.store.delete(key);
    this.#tell((handler) => handler.deleted?.(object));
  }

  /** Makes the view that of a complete list, and tells the differences. */
  replace(objects: ReadonlyMap<string, T>): void {
    for (const key of this.store.keys()) {
      const gone = objects.has(key) ? undefined : this.store.get(key);
      if (gone) this.delete(gone);
    }
    for (const object of objects.values()) this.set(object);
    this.batchEnd();
  }

  batchEnd(): void {
    this.#tell((handler) => handler.batchEnd?.());
  }

  subscribe(handler: InformerHandler<T>): Subscription {
    const subscriber: Subscriber<T> = { handler, active: true };
    const present = this.store.values();
    this.#subscribers = [...this.#subscribers, subscriber];
    for (const object of present) this.#call(subscriber, (h) => h.added?.(object));
    this.#call(subscriber, (h) => h.batchEnd?.());
    return {
      stop: () => {
        subscriber.active = false;
        this.#subscribers = this.#subscribers.filter((s) => s !== subscriber);
      },
    };
  }

  #tell(what: (handler: InformerHandler<T>) => void): void {
    for (const subscriber of this.#subscribers) this.#call(subscriber, what);
  }

  #call(subscriber: Subscriber<T>, what: (handler: InformerHandler<T>) => void): void {
    if (!subscriber.active) return;
    try {
      what(subscriber.handler);
    } catch (error) {
      this.#log.error("a handler of an informer failed", { error });
    }
  }
}
