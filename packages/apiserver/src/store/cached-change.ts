/** One change of one object, with what it was before: made once, shared by all who watch. */
import { type CachedObject, stamped } from "./cached-object.ts";

export class CachedChange {
  readonly revision: number;
  readonly current: CachedObject | undefined;
  readonly previous: CachedObject | undefined;
  /** Watchers cannot be told of it: what is or was there cannot be read, or can be read only now. */
  readonly isGap: boolean;
  #gone: CachedObject | undefined;

  constructor(revision: number, current: CachedObject | undefined, previous: CachedObject | undefined, isGap = false) {
    this.revision = revision;
    this.current = current;
    this.previous = previous;
    this.isGap = isGap;
  }

  /** The last state with the revision at which it went (away, or out of a selection): what DELETED events carry. */
  get gone(): CachedObject | undefined {
    const { previous } = this;
    return previous && (this.#gone ??= stamped(previous.key, this.revision, previous.object));
  }
}
