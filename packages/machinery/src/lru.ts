/**
 * A cache that keeps the entries used last.
 * Holds: never more than `limit` entries; a Map keeps them in order of use, oldest first.
 */
export class LruCache<K, V> {
  readonly #entries = new Map<K, V>();
  readonly #limit: number;
  readonly #onEvict: ((key: K, value: V) => void) | undefined;

  constructor(limit: number, onEvict?: (key: K, value: V) => void) {
    this.#limit = Math.max(1, limit);
    this.#onEvict = onEvict;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: K): V | undefined {
    const value = this.#entries.get(key);
    if (value === undefined && !this.#entries.has(key)) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value as V);
    return value;
  }

  has(key: K): boolean {
    return this.#entries.has(key);
  }

  set(key: K, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#limit) return;
    const [oldest] = this.#entries as Iterable<[K, V]>;
    if (!oldest) return;
    this.#entries.delete(oldest[0]);
    this.#onEvict?.(oldest[0], oldest[1]);
  }

  /** The value, made and kept if it is not there. */
  getOrMake(key: K, make: (key: K) => V): V {
    if (this.has(key)) return this.get(key) as V;
    const value = make(key);
    this.set(key, value);
    return value;
  }

  delete(key: K): boolean {
    return this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }
}
