/**
 * How many of some pods stand in each domain of a topology ("app=web in default, by zone"). Worked out once when first asked for, then
 * kept by the differences: a pod that comes or goes costs one look at its labels, a node that changes its own pods.
 * Holds: `byDomain` has an entry for each domain with a count above 0; a node that the topology leaves out counts nowhere.
 */
import type { Node, Pod } from "@kubets/api/generated/types/core-v1";

/** Which pods are counted, and where. Equal signatures mean the same. */
export interface CountedPods {
  readonly signature: string;
  readonly domains: DomainRule;
  /** The only namespaces whose pods may count; absent: any. */
  readonly namespaces?: ReadonlySet<string>;
  /** Depends on labels of namespaces as well, and is counted anew when one changes. */
  readonly ofNamespaceLabels?: boolean;
  matches(pod: Pod): boolean;
}

/** The domain of a node, undefined where it is in none. Equal signatures mean the same. */
export interface DomainRule {
  readonly signature: string;
  of(node: Node): string | undefined;
}

/** The domain is the label's value. */
export const labelDomain = (topologyKey: string): DomainRule => ({
  signature: topologyKey,
  of: (node) => node.metadata.labels?.[topologyKey],
});

/** What plugins read. */
export interface CountView {
  readonly byDomain: ReadonlyMap<string, number>;
  readonly total: number;
  /** How many nodes there are of each domain. */
  readonly domains: ReadonlyMap<string, number>;
  onNode(name: string): number;
}

/** The domains that the nodes of the cluster make by one rule; shared by all counters of the rule. */
export class DomainIndex {
  readonly rule: DomainRule;
  readonly domains = new Map<string, number>();
  readonly #ofNode = new Map<string, string>();

  constructor(rule: DomainRule) {
    this.rule = rule;
  }

  domainOf(node: string): string | undefined {
    return this.#ofNode.get(node);
  }

  /** Takes in a node as it is now, or that it is gone; true where its domain changed. */
  set(name: string, node: Node | undefined): boolean {
    const before = this.#ofNode.get(name);
    const now = node && this.rule.of(node);
    if (before === now) return false;
    if (before !== undefined) bump(this.domains, before, -1);
    if (now === undefined) this.#ofNode.delete(name);
    else {
      this.#ofNode.set(name, now);
      bump(this.domains, now, 1);
    }
    return true;
  }
}

export class PodCounter implements CountView {
  readonly byDomain = new Map<string, number>();
  total = 0;
  readonly #index: DomainIndex;
  readonly #byNode = new Map<string, number>();

  constructor(index: DomainIndex) {
    this.#index = index;
  }

  get domains(): ReadonlyMap<string, number> {
    return this.#index.domains;
  }

  get isEmpty(): boolean {
    return this.#byNode.size === 0;
  }

  get index(): DomainIndex {
    return this.#index;
  }

  onNode(name: string): number {
    return this.#byNode.get(name) ?? 0;
  }

  add(node: string, difference: number): void {
    bump(this.#byNode, node, difference);
    this.#count(this.#index.domainOf(node), difference);
  }

  /** To be told before and after the domain of a node changes: takes its pods out of the old one, and into the new one. */
  leave(node: string): void {
    this.#count(this.#index.domainOf(node), -this.onNode(node));
  }

  enter(node: string): void {
    this.#count(this.#index.domainOf(node), this.onNode(node));
  }

  #count(domain: string | undefined, difference: number): void {
    if (domain === undefined || difference === 0) return;
    this.total += difference;
    bump(this.byDomain, domain, difference);
  }
}

function bump(counts: Map<string, number>, key: string, difference: number): void {
  const count = (counts.get(key) ?? 0) + difference;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}
