/**
 * Chooses a target for each client: in turn, or the one it had when clients are to stay.
 * Holds: a client is never sent to a target that is gone; what is remembered of clients is forgotten in time.
 */
import type { Clock } from "@kubets/machinery";
import type { Target } from "../plan.ts";

export class TargetChoice {
  readonly #clock: Clock;
  readonly #clients = new Map<string, { readonly key: string; until: number }>();
  #targets: readonly Target[] = [];
  #affinityMs: number | undefined;
  #turn = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  set(targets: readonly Target[], affinitySeconds: number | undefined): void {
    this.#targets = targets;
    this.#affinityMs = affinitySeconds === undefined ? undefined : affinitySeconds * 1000;
    if (this.#affinityMs === undefined) this.#clients.clear();
  }

  has(target: Target): boolean {
    return this.#targets.some((each) => keyOf(each) === keyOf(target));
  }

  /** The targets to try for a client, the one to try first in front. */
  order(client: string): readonly Target[] {
    const count = this.#targets.length;
    if (count === 0) return [];
    const start = this.#kept(client) ?? this.#turn++ % count;
    return [...this.#targets.slice(start), ...this.#targets.slice(0, start)];
  }

  /** Tells which of them it was. */
  chosen(client: string, target: Target): void {
    if (this.#affinityMs === undefined) return;
    const now = this.#clock.monotonic();
    this.#clients.delete(client);
    this.#clients.set(client, { key: keyOf(target), until: now + this.#affinityMs });
    // The oldest come first.
    for (const [name, { until }] of this.#clients) {
      if (until > now) break;
      this.#clients.delete(name);
    }
  }

  #kept(client: string): number | undefined {
    const known = this.#clients.get(client);
    if (!known || known.until <= this.#clock.monotonic()) return undefined;
    const at = this.#targets.findIndex((target) => keyOf(target) === known.key);
    return at < 0 ? undefined : at;
  }
}

const keyOf = ({ ip, port }: Target): string => `${ip} ${port}`;
