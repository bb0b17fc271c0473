/**
 * Leases for keys that die: keys of one time to live that are written soon after each other share a lease, since a lease costs
 * etcd more than a key.
 * Holds: no key dies before its time; one dies at most a twentieth of its time (and a minute) late.
 */
import type { Clock } from "@kubets/machinery/clock";

const SHARED_PART = 0.05;
const SHARED_MOST_SECONDS = 60;
/** More keys on one lease make its end expensive. */
const MOST_KEYS = 1000;

interface Lease {
  readonly id: Promise<bigint>;
  /** Monotonic; counted from before the lease was asked for, so etcd's own end is later. */
  readonly ends: number;
  keys: number;
}

export class Leases {
  readonly #clock: Clock;
  readonly #grant: (seconds: number) => Promise<bigint>;
  readonly #newest = new Map<number, Lease>();

  constructor(clock: Clock, grant: (seconds: number) => Promise<bigint>) {
    this.#clock = clock;
    this.#grant = grant;
  }

  /** A lease that lasts for `seconds` from now on, or a little longer. */
  lease(seconds: number): Promise<bigint> {
    const now = this.#clock.monotonic();
    const known = this.#newest.get(seconds);
    if (known && known.ends >= now + seconds * 1000 && known.keys < MOST_KEYS) {
      known.keys++;
      return known.id;
    }
    this.#forgetEnded(now);
    const granted = seconds + Math.min(Math.floor(seconds * SHARED_PART), SHARED_MOST_SECONDS);
    const lease: Lease = { id: this.#grant(granted), ends: now + granted * 1000, keys: 1 };
    this.#newest.set(seconds, lease);
    lease.id.catch(() => this.forget(seconds));
    return lease.id;
  }

  /** A lease turned out to be gone: the next key gets a new one. */
  forget(seconds: number): void {
    this.#newest.delete(seconds);
  }

  #forgetEnded(now: number): void {
    for (const [seconds, lease] of this.#newest) if (lease.ends <= now) this.#newest.delete(seconds);
  }
}
