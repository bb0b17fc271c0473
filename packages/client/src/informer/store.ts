/**
 * The objects of a collection by key, with indexes that are kept in step with each change. It holds references only.
 * Holds: setting, deleting and looking up cost the same however many objects there are; every index agrees with the objects.
 */
export type IndexFunction<T> = (object: T) => readonly string[];

export class Store<T> {
  readonly #objects = new Map<string, T>();
  readonly #indexes = new Map<string, Index<T>>();

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  keys(): IterableIterator<string> {
    return this.#objects.keys();
  }

  values(): T[] {
    return [...this.#objects.values()];
  }

  set(key: string, object: T): void {
    const old = this.#objects.get(key);
    this.#objects.set(key, object);
    for (const index of this.#indexes.values()) index.set(key, object, old);
  }

  delete(key: string): void {
    const old = this.#objects.get(key);
    if (old === undefined) return;
    this.#objects.delete(key);
    for (const index of this.#indexes.values()) index.delete(key, old);
  }

  addIndex(name: string, values: IndexFunction<T>): void {
    const known = this.#indexes.get(name);
    if (known && known.values !== values)
      throw new TypeError(`an index called ${JSON.stringify(name)} exists with another function`);
    if (known) return;
    const index = new Index(values);
    for (const [key, object] of this.#objects) index.set(key, object, undefined);
    this.#indexes.set(name, index);
  }

  indexed(name: string, value: string): T[] {
    const index = this.#indexes.get(name);
    if (!index) throw new TypeError(`no index is called ${JSON.stringify(name)}: add it with addIndex first`);
    return index.find(value);
  }
}

class Index<T> {
  readonly values: IndexFunction<T>;
  readonly #buckets = new Map<string, Map<string, T>>();

  constructor(values: IndexFunction<T>) {
    this.values = values;
  }

  find(value: string): T[] {
    const bucket = this.#buckets.get(value);
    return bucket ? [...bucket.values()] : [];
  }

  set(key: string, object: T, old: T | undefined): void {
    const values = this.values(object);
    if (old !== undefined) {
      for (const value of this.values(old)) if (!values.includes(value)) this.#remove(value, key);
    }
    for (const value of values) {
      const bucket = this.#buckets.get(value);
      if (bucket) bucket.set(key, object);
      else this.#buckets.set(value, new Map([[key, object]]));
    }
  }

  delete(key: string, old: T): void {
    for (const value of this.values(old)) this.#remove(value, key);
  }

  #remove(value: string, key: string): void {
    const bucket = this.#buckets.get(value);
    if (!bucket?.delete(key) || bucket.size > 0) return;
    this.#buckets.delete(value);
  }
}
