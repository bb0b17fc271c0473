/** One change of one object, with what it was before: made once, shared by all who watch. */
import type { CachedObject } from "./cached-object.ts";

export class CachedChange {
  readonly revision: number;
  readonly current: CachedObject | undefined;
  readonly previous: CachedObject | undefined;
  readonly #restamp: (object: CachedObject, revision: number) => CachedObject;
  #gone: CachedObject | undefined;

  constructor(
    revision: number,
    current: CachedObject | undefined,
    previous: CachedObject | undefined,
    restamp: (object: CachedObject, revision: number) => CachedObject,
  ) {
    this.revision = revision;
    this.current = current;
    this.previous = previous;
    this.#restamp = restamp;
  }

  /** The last state with the revision at which it went (away, or out of a selection): what DELETED events carry. */
  get gone(): CachedObject | undefined {
    if (!this.previous) return undefined;
    return (this.#gone ??= this.#restamp(this.previous, this.revision));
  }
}
