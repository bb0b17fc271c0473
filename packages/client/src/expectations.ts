/**
 * What a controller has written and not yet seen come back through its informers, for each owner by key. While something is
 * expected the cache is behind, and counting on it would create or delete twice.
 * Holds: deletions are known by uid, so none is counted twice; what did not come back in five minutes is expected no more.
 */
import type { Clock } from "@kubets/machinery";

interface Expected {
  creations: number;
  readonly deletions: Set<string>;
  readonly since: number;
}

const EXPIRES_MS = 5 * 60_000;

export class Expectations {
  readonly #clock: Clock;
  readonly #byOwner = new Map<string, Expected>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Sets what is expected now, in place of what was. Call it before the writes. */
  expect(owner: string, { creations = 0, deletions = [] }: { creations?: number; deletions?: Iterable<string> }): void {
    this.#byOwner.set(owner, { creations, deletions: new Set(deletions), since: this.#clock.monotonic() });
  }

  /** One that was expected has been created; or its creation failed, and it will not come. */
  creationObserved(owner: string): void {
    const expected = this.#byOwner.get(owner);
    if (expected && expected.creations > 0) expected.creations--;
  }

  /** This object has been deleted, or is being deleted; or its deletion failed. */
  deletionObserved(owner: string, uid: string): void {
    this.#byOwner.get(owner)?.deletions.delete(uid);
  }

  /** Whether the cache shows all that was written, or has had its time. */
  satisfied(owner: string): boolean {
    const expected = this.#byOwner.get(owner);
    if (!expected || (expected.creations === 0 && expected.deletions.size === 0)) return true;
    return this.#clock.monotonic() - expected.since > EXPIRES_MS;
  }

  /** The owner is gone. */
  forget(owner: string): void {
    this.#byOwner.delete(owner);
  }
}
