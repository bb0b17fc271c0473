/** A binary heap whose items are found by key, so that one may be taken out of the middle. */
export class Heap<T> {
  readonly #items: T[] = [];
  readonly #places = new Map<string, number>();
  readonly #key: (item: T) => string;
  readonly #compare: (a: T, b: T) => number;

  constructor(key: (item: T) => string, compare: (a: T, b: T) => number) {
    this.#key = key;
    this.#compare = compare;
  }

  get size(): number {
    return this.#items.length;
  }

  get(key: string): T | undefined {
    const place = this.#places.get(key);
    return place === undefined ? undefined : this.#items[place];
  }

  has(key: string): boolean {
    return this.#places.has(key);
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  values(): readonly T[] {
    return this.#items;
  }

  /** Adds the item, or puts it in the place of the one with its key. */
  set(item: T): void {
    const key = this.#key(item);
    const place = this.#places.get(key) ?? this.#items.length;
    this.#put(place, item);
    this.#settle(place);
  }

  pop(): T | undefined {
    const top = this.#items[0];
    if (top !== undefined) this.delete(this.#key(top));
    return top;
  }

  delete(key: string): T | undefined {
    const place = this.#places.get(key);
    if (place === undefined) return undefined;
    const gone = this.#items[place] as T;
    const last = this.#items.pop() as T;
    this.#places.delete(key);
    if (place < this.#items.length) {
      this.#put(place, last);
      this.#settle(place);
    }
    return gone;
  }

  #settle(place: number): void {
    this.#down(this.#up(place));
  }

  #up(from: number): number {
    let place = from;
    const item = this.#items[place] as T;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (this.#compare(item, this.#items[parent] as T) >= 0) break;
      this.#put(place, this.#items[parent] as T);
      place = parent;
    }
    this.#put(place, item);
    return place;
  }

  #down(from: number): void {
    let place = from;
    const item = this.#items[place] as T;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= this.#items.length) break;
      const other = child + 1;
      if (other < this.#items.length && this.#compare(this.#items[other] as T, this.#items[child] as T) < 0)
        child = other;
      if (this.#compare(this.#items[child] as T, item) >= 0) break;
      this.#put(place, this.#items[child] as T);
      place = child;
    }
    this.#put(place, item);
  }

  #put(place: number, item: T): void {
    this.#items[place] = item;
    this.#places.set(this.#key(item), place);
  }
}
