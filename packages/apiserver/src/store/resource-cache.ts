/**
 * The objects of one stored resource in memory: the read path of the server. Fed by the revision feed, in order, with what is durable.
 * Lists go in the order of storage keys, which is that of "namespace/" and then name.
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
import { WatchHub } from "./watch-hub.ts";

export class ResourceCache {
  readonly definition: ResourceDefinition;
  /** With the slash at its end: what storage keys begin with. */
  readonly prefix: string;
  readonly hub: WatchHub;
  readonly history = new ChangeHistory();
  readonly listBytes = new ListBytes();
  readonly #listeners = new Set<(change: CachedChange) => void>();
  /** The revision of the newest change of this resource. */
  lastChange = 0;
  /** How many changes it took in since it was filled. */
  changes = 0;
  /** What its objects take, as JSON. */
  bytes = 0;
  readonly #form: StoredForm;
  readonly #byNamespace = new OrderedNames<OrderedNames<CachedObject>>();
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

  /** Takes in all that stood in storage at a revision. */
  load(entries: readonly Entry[], revision: number): void {
    this.history.since = revision;
    for (const entry of entries) {
      this.#put(this.#form.fromEntry(this, entry));
      this.lastChange = Math.max(this.lastChange, entry.revision);
    }
  }

  /** Takes in one change; the hub is told when the batch is over. */
  apply(change: Change): void {
    const revision = change.type === "put" ? change.entry.revision : change.revision;
    if (revision <= this.history.since) return;
    const key = this.keyOf(change.type === "put" ? change.entry.key : change.key);
    const previous = this.get(key) ?? (change.previous && this.#form.fromEntry(this, change.previous));
    let current: CachedObject | undefined;
    if (change.type === "put") this.#put((current = this.#form.arrived(this, change.entry)));
    else this.#remove(key);
    this.lastChange = revision;
    this.changes++;
    const cached = new CachedChange(revision, current, previous);
    this.history.add(cached);
    this.hub.add(cached);
    for (const listener of this.#listeners) listener(cached);
  }

  /** Tells parts of the server itself of each change, before any client. */
  onChange(listener: (change: CachedChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
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
