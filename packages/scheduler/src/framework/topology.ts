/**
 * The domains that nodes make up: by one label (`Topology`), and by a rule that leaves some nodes out (`Domains`). Domains are numbered, and
 * nodes known by their slots, so that to find a node's domain no label is looked at.
 * Holds: number 0 is no domain; a domain keeps its number as long as it has a node.
 */
import type { Node } from "@kubets/api/generated/types/core-v1";
import type { PodCounter } from "./pod-counter.ts";

export interface NodeAtSlot {
  readonly slot: number;
  readonly object: Node | undefined;
}

interface Domain {
  readonly value: string;
  readonly number: number;
  nodes: number;
}

export class Topology {
  readonly key: string;
  /** The rules over it that are in use. */
  readonly rules = new Map<string, Domains>();
  #ofSlot = new Int32Array(64);
  readonly #byValue = new Map<string, Domain>();
  /** By number. */
  readonly #domains: (Domain | undefined)[] = [undefined];
  readonly #free: number[] = [];

  constructor(key: string, nodes: Iterable<NodeAtSlot>) {
    this.key = key;
    for (const { slot, object } of nodes) this.set(slot, object);
  }

  /** The number of the node's domain, 0 where it lacks the label. */
  of(slot: number): number {
    return this.#ofSlot[slot] ?? 0;
  }

  get highest(): number {
    return this.#domains.length - 1;
  }

  isNew(slot: number, node: Node | undefined): boolean {
    return this.#domains[this.of(slot)]?.value !== node?.metadata.labels?.[this.key];
  }

  /** Takes in a node as it is now, or that it is gone. */
  set(slot: number, node: Node | undefined): void {
    if (!this.isNew(slot, node)) return;
    this.#leave(this.#domains[this.of(slot)]);
    const value = node?.metadata.labels?.[this.key];
    if (slot >= this.#ofSlot.length) {
      const grown = new Int32Array(2 * slot);
      grown.set(this.#ofSlot);
      this.#ofSlot = grown;
    }
    this.#ofSlot[slot] = value === undefined ? 0 : this.#enter(value);
  }

  #enter(value: string): number {
    let domain = this.#byValue.get(value);
    if (!domain) {
      domain = { value, number: this.#free.pop() ?? this.#domains.length, nodes: 0 };
      this.#byValue.set(value, domain);
      this.#domains[domain.number] = domain;
    }
    domain.nodes++;
    return domain.number;
  }

  #leave(domain: Domain | undefined): void {
    if (!domain || --domain.nodes > 0) return;
    this.#byValue.delete(domain.value);
    this.#domains[domain.number] = undefined;
    this.#free.push(domain.number);
  }
}

/** Which nodes make up domains. Equal signatures mean the same. */
export interface DomainRule {
  readonly signature: string;
  readonly topologyKey: string;
  /** Absent: all that have the label. */
  readonly includes?: (node: Node) => boolean;
}

export const labelDomain = (topologyKey: string): DomainRule => ({ signature: topologyKey, topologyKey });

/** Shared by all counters of the rule, which it tells when a node's domain changes. */
export class Domains {
  readonly topology: Topology;
  readonly rule: DomainRule;
  readonly counters = new Set<PodCounter>();
  /** How many nodes each has. */
  readonly nodes = new Map<number, number>();
  readonly #leftOut = new Set<number>();

  constructor(topology: Topology, rule: DomainRule, nodes: Iterable<NodeAtSlot>) {
    this.topology = topology;
    this.rule = rule;
    for (const { slot, object } of nodes) this.enter(slot, object);
  }

  of(slot: number): number {
    return this.#leftOut.size && this.#leftOut.has(slot) ? 0 : this.topology.of(slot);
  }

  isNew(slot: number, node: Node | undefined): boolean {
    return this.topology.isNew(slot, node) || this.#leavesOut(node) !== this.#leftOut.has(slot);
  }

  /** Before the topology learns of a change, and after. */
  leave(slot: number): void {
    for (const counter of this.counters) counter.leave(slot);
    bump(this.nodes, this.of(slot), -1);
    this.#leftOut.delete(slot);
  }

  enter(slot: number, node: Node | undefined): void {
    if (this.#leavesOut(node)) this.#leftOut.add(slot);
    bump(this.nodes, this.of(slot), 1);
    for (const counter of this.counters) counter.enter(slot);
  }

  #leavesOut(node: Node | undefined): boolean {
    return node !== undefined && this.rule.includes !== undefined && !this.rule.includes(node);
  }
}

/** Counts in numbered domains; what is 0 has no entry. */
export function bump(counts: Map<number, number>, domain: number, difference: number): void {
  if (domain === 0) return;
  const count = (counts.get(domain) ?? 0) + difference;
  if (count === 0) counts.delete(domain);
  else counts.set(domain, count);
}
