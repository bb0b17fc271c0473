/**
 * How many of some pods stand in each domain of a topology ("app=web in default, by zone"). Worked out once when first asked for, then
 * kept by the differences: a pod that comes or goes costs one look at its labels, a node that changes its own pods.
 * Holds: a node that the rule of the domains leaves out counts nowhere.
 */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { LabelSelector } from "@kubets/machinery/label-selector";
import { DomainCounts } from "./domain-counts.ts";
import type { DomainRule, Domains, Topology } from "./topology.ts";

/** Which pods are counted, and where. Equal signatures mean the same. */
export interface CountedPods {
  readonly signature: string;
  readonly domains: DomainRule;
  /** The only namespaces whose pods may count; absent: any. */
  readonly namespaces?: ReadonlySet<string>;
  /** What is asked of their labels at least. */
  readonly selector: LabelSelector;
  /** Depends on labels of namespaces as well, and is counted anew when one changes. */
  readonly ofNamespaceLabels?: boolean;
  matches(pod: Pod): boolean;
}

/** What plugins read. Slots are those of nodes, domains numbers of the topology. */
export interface CountView {
  readonly topology: Topology;
  readonly total: number;
  /** How many domains there are. */
  readonly domains: number;
  inDomain(domain: number): number;
  /** In the domain that the node's label names, also where the rule leaves the node itself out. */
  at(slot: number): number;
  onNode(slot: number): number;
  /** The smallest count of a domain, and how many domains have it; not for no domains. */
  least(): Least;
  /** The domain whose count a pod on the node changes; 0 where none. */
  domainOf(slot: number): number;
  counts(): Iterable<readonly [domain: number, count: number]>;
}

export interface Least {
  readonly count: number;
  readonly domains: number;
}

export class PodCounter implements CountView {
  total = 0;
  readonly topology: Topology;
  readonly #domains: Domains;
  readonly #byDomain = new DomainCounts();
  readonly #byNode = new Map<number, number>();
  /** Of the domains that have pods; undefined until it is asked for. */
  #least: Least | undefined;

  constructor(domains: Domains) {
    this.topology = domains.topology;
    this.#domains = domains;
  }

  get domains(): number {
    return this.#domains.nodes.size;
  }

  get isEmpty(): boolean {
    return this.#byNode.size === 0;
  }

  inDomain(domain: number): number {
    return this.#byDomain.get(domain);
  }

  at(slot: number): number {
    return this.#byDomain.get(this.topology.of(slot));
  }

  onNode(slot: number): number {
    return this.#byNode.get(slot) ?? 0;
  }

  domainOf(slot: number): number {
    return this.#domains.of(slot);
  }

  counts(): Iterable<readonly [number, number]> {
    return this.#byDomain;
  }

  least(): Least {
    const without = this.domains - this.#byDomain.size;
    if (without > 0) return { count: 0, domains: without };
    this.#least ??= leastOf(this.#byDomain);
    return this.#least;
  }

  add(slot: number, difference: number): void {
    const count = this.onNode(slot) + difference;
    if (count === 0) this.#byNode.delete(slot);
    else this.#byNode.set(slot, count);
    this.#count(this.#domains.of(slot), difference);
  }

  /** To be told before and after the domain of a node changes: takes its pods out of the old one, and into the new one. */
  leave(slot: number): void {
    this.#count(this.#domains.of(slot), -this.onNode(slot));
  }

  enter(slot: number): void {
    this.#count(this.#domains.of(slot), this.onNode(slot));
  }

  #count(domain: number, difference: number): void {
    if (domain === 0 || difference === 0) return;
    const before = this.inDomain(domain);
    this.total += difference;
    this.#byDomain.add(domain, difference, this.topology.highest);
    if (this.#least) this.#least = moved(this.#least, before, before + difference);
  }
}

/** After one domain's count changed; undefined where no other has the smallest. */
function moved({ count, domains }: Least, before: number, now: number): Least | undefined {
  let left = before === count ? domains - 1 : domains;
  if (now === count) left++;
  if (now > 0 && now < count) return { count: now, domains: 1 };
  return left > 0 ? { count, domains: left } : undefined;
}

function leastOf(counts: Iterable<readonly [domain: number, count: number]>): Least {
  let count = Infinity;
  let domains = 0;
  for (const [, other] of counts) {
    if (other < count) [count, domains] = [other, 1];
    else if (other === count) domains++;
  }
  return { count, domains };
}
