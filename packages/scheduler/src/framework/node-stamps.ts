/**
 * When each node changed last, side by side in memory: a search that only asks what changed touches no node. A slot belongs to one node
 * until it is given back; stamps only grow, also from one owner of a slot to the next.
 */
export class NodeStamps {
  values = new Float64Array(64);
  readonly #free: number[] = [];
  #used = 0;
  #last = 0;

  take(): number {
    const slot = this.#free.pop() ?? this.#used++;
    if (slot >= this.values.length) {
      const grown = new Float64Array(2 * this.values.length);
      grown.set(this.values);
      this.values = grown;
    }
    this.touch(slot);
    return slot;
  }

  give(slot: number): void {
    this.#free.push(slot);
  }

  touch(slot: number): void {
    this.values[slot] = ++this.#last;
  }
}
