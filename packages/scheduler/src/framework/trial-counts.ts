/**
 * Counts as they would be with some pods more or less: the shared counter stays untouched, the differences of the trial lie over it.
 * Adding and taking out the same pod leaves no trace.
 */
import type { CountView } from "./pod-counter.ts";
import type { PodInfo } from "./pod-info.ts";
import { bump, type Topology } from "./topology.ts";

export class TrialCounts {
  readonly topology: Topology;
  readonly #view: CountView | undefined;
  readonly #weightOf: (pod: PodInfo) => number;
  readonly #differences = new Map<number, number>();
  #min: number | undefined;

  /** Without a view: nothing is counted but what the trial adds. */
  constructor(counted: CountView | Topology, weightOf: (pod: PodInfo) => number) {
    this.#view = "topology" in counted ? counted : undefined;
    this.topology = "topology" in counted ? counted.topology : counted;
    this.#weightOf = weightOf;
  }

  /** In the domain of a node. */
  at(slot: number): number {
    const count = this.#view?.at(slot) ?? 0;
    return this.#differences.size ? count + (this.#differences.get(this.topology.of(slot)) ?? 0) : count;
  }

  get total(): number {
    let total = this.#view?.total ?? 0;
    for (const difference of this.#differences.values()) total += difference;
    return total;
  }

  /** The smallest count of all domains; 0 where there are fewer than `minDomains` of them. */
  min(minDomains: number): number {
    const view = this.#view;
    if (!view || view.domains === 0 || view.domains < minDomains) return 0;
    this.#min ??= this.#smallest(view);
    return this.#min;
  }

  change(pod: PodInfo, slot: number, sign: 1 | -1): void {
    const weight = this.#weightOf(pod);
    if (weight === 0) return;
    bump(this.#differences, this.#view?.domainOf(slot) ?? this.topology.of(slot), sign * weight);
    this.#min = undefined;
  }

  /** All domains are gone through only where the trial touches each that has the least. */
  #smallest(view: CountView): number {
    const least = view.least();
    let { count: min, domains: untouched } = least;
    for (const [domain, difference] of this.#differences) {
      const count = view.inDomain(domain);
      if (count === least.count) untouched--;
      min = Math.min(min, count + difference);
    }
    return untouched > 0 || min < least.count ? min : this.#smallestOfAll(view);
  }

  #smallestOfAll(view: CountView): number {
    let min = Infinity;
    for (const [domain, count] of view.counts()) {
      const now = count + (this.#differences.get(domain) ?? 0);
      if (now < min) min = now;
    }
    for (const [domain, difference] of this.#differences)
      if (view.inDomain(domain) === 0 && difference < min) min = difference;
    return min;
  }
}
