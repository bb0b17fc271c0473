/** The pods for which no place was found, by the plugins that refused them: a change is looked at for those alone that may wait for it. */
import type { QueueEntry } from "./queue-entry.ts";

/** Stands for the pods that no plugin is known to have refused. */
const NOBODY = "";

export class WaitingPods {
  readonly #entries = new Map<string, QueueEntry>();
  readonly #refusedBy = new Map<string, Set<QueueEntry>>();

  get size(): number {
    return this.#entries.size;
  }

  /** How many of them a gate holds; counted when asked for. */
  get gated(): number {
    let count = 0;
    for (const entry of this.#entries.values()) if (entry.gated) count++;
    return count;
  }

  has(uid: string): boolean {
    return this.#entries.has(uid);
  }

  values(): QueueEntry[] {
    return [...this.#entries.values()];
  }

  set(entry: QueueEntry): void {
    this.delete(entry.uid);
    this.#entries.set(entry.uid, entry);
    for (const plugin of pluginsOf(entry)) {
      const bucket = this.#refusedBy.get(plugin);
      if (bucket) bucket.add(entry);
      else this.#refusedBy.set(plugin, new Set([entry]));
    }
  }

  delete(uid: string): boolean {
    const entry = this.#entries.get(uid);
    if (!entry) return false;
    this.#entries.delete(uid);
    for (const plugin of pluginsOf(entry)) {
      const bucket = this.#refusedBy.get(plugin);
      bucket?.delete(entry);
      if (bucket?.size === 0) this.#refusedBy.delete(plugin);
    }
    return true;
  }

  /** Those that a plugin refused for which `interested` holds, and those that none is known to have refused. */
  refusedBy(interested: (plugin: string) => boolean): Set<QueueEntry> {
    const found = new Set<QueueEntry>();
    for (const [plugin, bucket] of this.#refusedBy) {
      if (plugin === NOBODY || interested(plugin)) for (const entry of bucket) found.add(entry);
    }
    return found;
  }
}

/** An entry must leave before its `refusedBy` is replaced. */
const pluginsOf = ({ refusedBy }: QueueEntry): Iterable<string> => (refusedBy.size ? refusedBy : [NOBODY]);
