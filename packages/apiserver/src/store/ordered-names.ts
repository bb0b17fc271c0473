/** Names in byte order with a value each: a map that can be walked in order. Finding a place is a binary search; names are few enough that moving the rest is a memory copy. */
export class OrderedNames<V> {
  readonly #names: string[] = [];
  readonly #values = new Map<string, V>();

  get size(): number {
    return this.#names.length;
  }

  get(name: string): V | undefined {
    return this.#values.get(name);
  }

  set(name: string, value: V): void {
    if (!this.#values.has(name)) {
      const last = this.#names.at(-1);
      if (last === undefined || last < name) this.#names.push(name);
      else this.#names.splice(this.#place(name), 0, name);
    }
    this.#values.set(name, value);
  }

  delete(name: string): void {
    if (this.#values.delete(name)) this.#names.splice(this.#place(name), 1);
  }

  /** The values in order of name, those behind `after` only. */
  *valuesAfter(after?: string): Generator<V> {
    for (let i = after === undefined ? 0 : this.#placeBehind(after); i < this.#names.length; i++)
      yield this.#values.get(this.#names[i] as string) as V;
  }

  /** Appends all values, in order of name; the fast road of whole lists. */
  appendTo(target: V[]): void {
    for (const name of this.#names) target.push(this.#values.get(name) as V);
  }

  #place(name: string): number {
    let low = 0;
    let high = this.#names.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#names[middle] as string) < name) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #placeBehind(name: string): number {
    const at = this.#place(name);
    return this.#names[at] === name ? at + 1 : at;
  }
}
