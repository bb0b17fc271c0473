/**
 * The objects of a custom kind in a version that a webhook converts to: a cache of its own beside that of the stored objects, filled when somebody
 * first asks for the version and kept up from then on. Reads wait until it stands where the stored objects do; writes are converted on their
 * way to storage. While the webhook fails, who waits for it is told why, and the next who asks tries again.
 */
import type { KubeObject } from "@kubets/api/meta";
import type { ResourceDefinition } from "@kubets/api/resource";
import { groupVersion } from "@kubets/api/resource-ref";
import type { Change, Entry } from "@kubets/storage";
import { CachedChange } from "../store/cached-change.ts";
import { type CachedObject, stamped } from "../store/cached-object.ts";
import { ResourceCache } from "../store/resource-cache.ts";
import { ResourceStore, type WriteOutcome } from "../store/resource-store.ts";
import type { RevisionFeed } from "../store/revision-feed.ts";
import { StoredForm } from "../store/stored-form.ts";
import type { Converter } from "./webhook-conversion.ts";

export class ConvertingStore extends ResourceStore {
  readonly #stored: ResourceStore;
  readonly #convert: Converter;
  readonly #stopListening: () => void;
  /** Changes that are not in the cache yet, in order; undefined until the version is asked for. */
  #waiting: CachedChange[] | undefined;
  #work: Promise<void> | undefined;
  #reached = 0;

  constructor(definition: ResourceDefinition, stored: ResourceStore, feed: RevisionFeed, convert: Converter) {
    // What comes here was opened for the stored objects.
    const form = new StoredForm();
    super(new ResourceCache(definition, form), feed, form);
    this.#stored = stored;
    this.#convert = convert;
    this.#stopListening = stored.cache.onChange((change) => {
      if (change.isGap) return this.#beginAnew();
      this.#waiting?.push(change);
      if (this.#waiting?.length === 1 && this.cache.hub.watchers > 0)
        setImmediate(() => void this.#catchUp().catch(() => {}));
    });
  }

  stop(): void {
    this.#stopListening();
    this.cache.hub.end();
  }

  override get stored(): ResourceStore {
    return this.#stored;
  }

  override get revision(): number {
    return this.#waiting?.length ? this.#reached : this.#stored.revision;
  }

  override get unreadable() {
    return this.#stored.unreadable;
  }

  override async readAgain(key: string): Promise<void> {
    await this.#stored.readAgain(key);
    await this.#catchUp();
  }

  override isStale({ key }: CachedObject): boolean {
    const stored = this.#stored.cache.get(key);
    return stored !== undefined && this.#stored.isStale(stored);
  }

  override removeUnreadable(key: string, admit: () => Promise<void>): Promise<boolean> {
    return this.#stored.removeUnreadable(key, admit);
  }

  override fresh(): Promise<void> | undefined {
    const fresh = this.#stored.fresh();
    if (fresh) return fresh.then(() => this.#catchUp());
    return this.#isCaughtUp() ? undefined : this.#catchUp();
  }

  override reached(revision: number): Promise<void> | undefined {
    const reached = this.#stored.reached(revision);
    if (reached) return reached.then(() => this.#catchUp());
    return this.#isCaughtUp() ? undefined : this.#catchUp();
  }

  override async create(key: string, object: KubeObject): Promise<WriteOutcome> {
    return this.#outcome(await this.#stored.create(key, await this.#toStored(object)));
  }

  override async replace(key: string, object: KubeObject, expected: CachedObject): Promise<WriteOutcome> {
    return this.#outcome(await this.#stored.replace(key, await this.#toStored(object), expected));
  }

  override async remove(key: string, expected: CachedObject): Promise<WriteOutcome> {
    return this.#outcome(await this.#stored.remove(key, expected));
  }

  override async listAt(revision: number, namespace: string, page: { limit?: number; after?: string }) {
    const found = await this.#stored.listAt(revision, namespace, page);
    return { ...found, objects: await this.#converted(found.objects) };
  }

  override async changesAfter(revision: number): Promise<readonly CachedChange[] | "compacted"> {
    const changes = await this.#stored.changesAfter(revision);
    if (changes === "compacted") return changes;
    const all = changes.flatMap(({ current, previous }) => [current, previous].flatMap((object) => object ?? []));
    const converted = new Map((await this.#converted(all)).map((object, i) => [all[i], object]));
    return changes.map(
      ({ revision: at, current, previous }) => new CachedChange(at, converted.get(current), converted.get(previous)),
    );
  }

  #isCaughtUp(): boolean {
    return this.#waiting?.length === 0 && this.#work === undefined;
  }

  /** One at a time: who comes while work is done waits for it, and looks again. */
  async #catchUp(): Promise<void> {
    while (!this.#isCaughtUp()) {
      this.#work ??= (this.#waiting ? this.#takeChanges() : this.#takeAll()).finally(() => (this.#work = undefined));
      await this.#work;
    }
  }

  /** After what watchers cannot be told of. */
  #beginAnew(): void {
    this.#waiting = undefined;
    this.cache.hub.end();
  }

  /** Everything that is there when the version is first asked for. */
  async #takeAll(): Promise<void> {
    const revision = this.#stored.revision;
    const waiting: CachedChange[] = [];
    this.#waiting = waiting;
    try {
      const objects = await this.#converted(this.#stored.cache.list());
      this.cache.load(
        objects.map((object) => this.#entry(object)),
        revision,
      );
      this.#reached = revision;
    } catch (error) {
      this.#waiting = undefined;
      throw error;
    }
  }

  async #takeChanges(): Promise<void> {
    const changes = [...(this.#waiting ?? [])];
    const present = changes.flatMap(({ current }) => current ?? []);
    const converted = new Map((await this.#converted(present)).map((object, i) => [present[i], object]));
    for (const { revision, current, previous } of changes) {
      const next = converted.get(current);
      const key = this.cache.prefix + ((current ?? previous) as CachedObject).key;
      this.cache.apply(
        (next ? { type: "put", entry: this.#entry(next) } : { type: "delete", key, revision }) as Change,
      );
      this.#reached = revision;
    }
    this.#waiting?.splice(0, changes.length);
    this.cache.hub.flush();
  }

  #entry({ key, revision, bytes }: CachedObject): Entry {
    return { key: this.cache.prefix + key, value: bytes, revision, created: revision };
  }

  async #converted(objects: readonly CachedObject[]): Promise<CachedObject[]> {
    const results = await this.#convert(
      objects.map(({ object }) => object),
      groupVersion(this.definition),
    );
    return objects.map(({ key, revision }, i) => stamped(key, revision, results[i] as KubeObject));
  }

  async #toStored(object: KubeObject): Promise<KubeObject> {
    const [stored] = await this.#convert([object], groupVersion(this.#stored.definition));
    return stored as KubeObject;
  }

  async #outcome(outcome: WriteOutcome): Promise<WriteOutcome> {
    const object = outcome.done ? outcome.object : outcome.current;
    if (!object) return outcome;
    const cached = this.#isCaughtUp() ? this.cache.get(object.key) : undefined;
    const [shown] = cached?.revision === object.revision ? [cached] : await this.#converted([object]);
    return outcome.done ? { done: true, object: shown as CachedObject } : { done: false, current: shown };
  }
}
