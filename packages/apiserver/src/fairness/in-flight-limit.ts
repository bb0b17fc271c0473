/** The plain limit, for servers without priority and fairness: so many reads and so many writes at once; the rest is turned away. */
import { MASTERS, type User } from "../authn/authenticator.ts";
import type { RequestInfo } from "../request-info.ts";

const READS = new Set(["get", "list", "watch"]);

export class InFlightLimit {
  readonly #limits: { readonly reads: number; readonly writes: number };
  readonly #now = { reads: 0, writes: 0 };

  /** 0 sets no limit. */
  constructor(limits: { readonly reads: number; readonly writes: number }) {
    this.#limits = limits;
  }

  /** What to call when the request is done; undefined when there is no room for it. */
  enter({ verb }: RequestInfo, { groups }: User): (() => void) | undefined {
    const kind = READS.has(verb) ? "reads" : "writes";
    const limit = this.#limits[kind];
    if (limit > 0 && this.#now[kind] >= limit && !groups.includes(MASTERS)) return undefined;
    this.#now[kind]++;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#now[kind]--;
    };
  }
}
