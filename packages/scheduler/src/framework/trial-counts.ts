/**
 * Counts as they would be with some pods more or less: the shared counter stays untouched, the differences of the trial lie over it.
 * Adding and taking out the same pod leaves no trace.
 */
import type { CountView } from "./pod-counter.ts";
import type { PodInfo } from "./pod-info.ts";
import type { NodeInfo } from "./snapshot.ts";

export class TrialCounts {
  readonly #view: CountView | undefined;
  readonly #weightOf: (pod: PodInfo) => number;
  readonly #domainOf: (node: NodeInfo) => string | undefined;
  readonly #differences = new Map<string, number>();
  #min: number | undefined;

  constructor(
    view: CountView | undefined,
    weightOf: (pod: PodInfo) => number,
    domainOf: (node: NodeInfo) => string | undefined,
  ) {
    this.#view = view;
    this.#weightOf = weightOf;
    this.#domainOf = domainOf;
  }

  get(domain: string): number {
    const count = this.#view?.byDomain.get(domain) ?? 0;
    return this.#differences.size ? count + (this.#differences.get(domain) ?? 0) : count;
  }

  get total(): number {
    let total = this.#view?.total ?? 0;
    for (const difference of this.#differences.values()) total += difference;
    return total;
  }

  /** The smallest count of all domains; 0 where there are fewer than `minDomains` of them. */
  min(minDomains: number): number {
    const domains = this.#view?.domains;
    if (!domains || domains.size === 0 || domains.size < minDomains) return 0;
    this.#min ??= this.#smallest(domains);
    return this.#min;
  }

  change(pod: PodInfo, node: NodeInfo, sign: 1 | -1): void {
    const weight = this.#weightOf(pod);
    if (weight === 0) return;
    const domain = this.#domainOf(node);
    if (domain === undefined) return;
    const difference = (this.#differences.get(domain) ?? 0) + sign * weight;
    if (difference === 0) this.#differences.delete(domain);
    else this.#differences.set(domain, difference);
    this.#min = undefined;
  }

  #smallest(domains: ReadonlyMap<string, number>): number {
    const counts = this.#view?.byDomain as ReadonlyMap<string, number>;
    if (this.#differences.size === 0 && counts.size < domains.size) return 0;
    let min = Infinity;
    for (const domain of domains.keys()) {
      const count = this.get(domain);
      if (count < min) min = count;
      if (min === 0) break;
    }
    return min;
  }
}
