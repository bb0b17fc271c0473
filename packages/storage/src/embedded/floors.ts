/**
 * Below which revision history is gone, by prefix. The empty prefix stands for all keys.
 * Holds: floors only rise.
 */
export class Floors {
  readonly #floors = new Map<string, number>();

  raise(prefix: string, revision: number): void {
    this.#floors.set(prefix, Math.max(revision, this.of(prefix)));
  }

  /** The floor recorded for exactly this prefix. */
  of(prefix: string): number {
    return this.#floors.get(prefix) ?? 0;
  }

  /** The oldest revision at which everything under a prefix (or one key) can be read. */
  oldest(prefix: string): number {
    let oldest = 0;
    for (const [floored, revision] of this.#floors) {
      if (revision > oldest && (prefix.startsWith(floored) || floored.startsWith(prefix))) oldest = revision;
    }
    return oldest;
  }
}
