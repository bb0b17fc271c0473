/**
 * The objects of one stored resource in memory: the read path of the server. Fed by the revision feed, in order, with what is durable.
 * Lists go in the order of storage keys, which is that of "namespace/" and then name.
 * What cannot be read stands beside them. Watchers cannot be told that it came, changed or went: their watches end then, and who comes back with a revision from
 * before has to begin anew.
 */
import type { KubeObject } from "@kubets/api/meta";
import type { ResourceDefinition } from "@kubets/api/resource";
import type { Change, Entry } from "@kubets/storage";
import { CachedChange } from "./cached-change.ts";
import type { CachedObject } from "./cached-object.ts";
import { ChangeHistory } from "./change-history.ts";
import { ListBytes } from "./list-bytes.ts";
import { OrderedNames } from "./ordered-names.ts";
import type { StoredForm } from "./stored-form.ts";
import { UnreadableError } from "./unreadable.ts";
import { WatchHub } from "./watch-hub.ts";

export class ResourceCache {
  readonly definition: ResourceDefinition;
  /** With the slash at its end: what storage keys begin with. */
  readonly prefix: string;
  readonly hub: WatchHub;
  readonly history = new ChangeHistory();
  readonly listBytes = new ListBytes();
  /** What stands in storage and cannot be read, in the order in which it was found. */
  readonly unreadable = new Map<string, UnreadableError>();
  readonly #listeners = new Set<(change: CachedChange) => void>();
  /** The revision of the newest change of this resource. */
  lastChange = 0;
  /** How many changes it took in since it was filled. */
  changes = 0;
  /** What its objects take, as JSON. */
  bytes = 0;
  readonly #form: StoredForm;
  #byNamespace = new OrderedNames<OrderedNames<CachedObject>>();
  #size = 0;

  constructor(definition: ResourceDefinition, form: StoredForm) {
    this.definition = definition;
    this.prefix = `${definition.storagePrefix}/`;
    this.#form = form;
    this.hub = new WatchHub(definition);
  }

  get size(): number {
    return this.#size;
  }

  get(key: string): CachedObject | undefined {
    const slash = key.indexOf("/");
    return slash < 0
      ? this.#byNamespace.get("/")?.get(key)
      : this.#byNamespace.get(key.slice(0, slash + 1))?.get(key.slice(slash + 1));
  }

  /** All objects, or those of a namespace, in order. */
  list(namespace?: string): CachedObject[] {
    const found: CachedObject[] = [];
    if (namespace) this.#byNamespace.get(`${namespace}/`)?.appendTo(found);
    else for (const names of this.#byNamespace.valuesAfter()) names.appendTo(found);
    return found;
  }

  /** Takes in all that stood in storage at a revision, in the place of what it held. */
  load(entries: readonly Entry[], revision: number): void {
    this.#byNamespace = new OrderedNames();
    [this.#size, this.bytes] = [0, 0];
    this.unreadable.clear();
    this.history.forget(revision);
    for (const entry of entries) {
      const object = this.#read(entry, () => this.#form.fromEntry(this, entry));
      if (object) this.#put(object);
      this.lastChange = Math.max(this.lastChange, entry.revision);
    }
  }

  /** Takes in one change; the hub is told when the batch is over. */
  apply(change: Change): void {
    const revision = change.type === "put" ? change.entry.revision : change.revision;
    if (revision <= this.history.since) return;
    const key = this.keyOf(change.type === "put" ? change.entry.key : change.key);
    let isGap = this.unreadable.has(key);
    let previous = this.get(key);
    if (!previous && change.previous && !isGap) {
      previous = this.#readWhole(change.previous, "fromEntry");
      isGap = !previous;
    }
    const current = change.type === "put" ? this.#readWhole(change.entry, "arrived") : undefined;
    isGap ||= change.type === "put" && !current;
    if (current) this.#put(current);
    else this.#remove(key);
    if (change.type === "delete" || current) this.unreadable.delete(key);
    this.lastChange = revision;
    this.changes++;
    const cached = new CachedChange(revision, current, previous, isGap);
    if (isGap) {
      this.history.forget(revision);
      this.hub.end();
    } else {
      this.history.add(cached);
      this.hub.add(cached);
    }
    this.#tell(cached);
  }

  /** Reads what storage holds now of something that could not be read; what has changed since the feed brings. */
  readAgain(entry: Entry): void {
    const key = this.keyOf(entry.key);
    if (this.unreadable.get(key)?.revision !== entry.revision) return;
    const object = this.#readWhole(entry, "fromEntry");
    if (!object) return;
    this.unreadable.delete(key);
    this.#put(object);
    this.#tell(new CachedChange(entry.revision, object, undefined, true));
  }

  /** Looks at what of an object is only made when it is asked for; one that turns out to be unreadable is no longer held. */
  look(object: CachedObject, at: "bytes" | "object"): void {
    try {
      void object[at];
    } catch (error) {
      const { key, revision } = object;
      const stored = { key: this.prefix + key, revision };
      this.unreadable.set(
        key,
        error instanceof UnreadableError ? error : new UnreadableError(stored, "damaged", error as Error),
      );
      this.#remove(key);
    }
  }

  /** Tells parts of the server itself of each change, before any client. */
  onChange(listener: (change: CachedChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(change: CachedChange): void {
    for (const listener of this.#listeners) listener(change);
  }

  #readWhole(entry: Entry, how: "fromEntry" | "arrived"): CachedObject | undefined {
    return this.#read(entry, () => {
      const object = this.#form[how](this, entry);
      void object.bytes;
      return object;
    });
  }

  /** Undefined, and noted, when it cannot be read. */
  #read<T>({ key }: Pick<Entry, "key">, read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof UnreadableError)) throw error;
      this.unreadable.set(this.keyOf(key), error);
      return undefined;
    }
  }

  keyOf(storageKey: string): string {
    return storageKey.slice(this.prefix.length);
  }

  #put(object: CachedObject): void {
    const bucket = object.namespace ? `${object.namespace}/` : "/";
    let names = this.#byNamespace.get(bucket);
    if (!names) this.#byNamespace.set(bucket, (names = new OrderedNames()));
    const before = names.get(object.name);
    names.set(object.name, object);
    if (!before) this.#size++;
    this.bytes += object.size - (before?.size ?? 0);
  }

  #remove(key: string): void {
    const slash = key.indexOf("/");
    const bucket = slash < 0 ? "/" : key.slice(0, slash + 1);
    const names = this.#byNamespace.get(bucket);
    if (!names) return;
    const name = slash < 0 ? key : key.slice(slash + 1);
    const before = names.get(name);
    if (!before) return;
    names.delete(name);
    this.#size--;
    this.bytes -= before.size;
    if (names.size === 0) this.#byNamespace.delete(bucket);
  }
}

/** Reads a selectable field of a cached object. */
export function fieldOf(definition: ResourceDefinition, object: CachedObject, name: string): string {
  if (name === "metadata.name") return object.name;
  if (name === "metadata.namespace") return object.namespace;
  const { group, version, hub } = definition;
  const read = definition.selectableFields?.[name] as ((o: KubeObject) => string) | undefined;
  if (!read) return "";
  return hub
    ? object.field(`${group}/${version} ${name}`, (o) => read(hub.fromHub(o) as KubeObject))
    : object.field(name, read);
}
