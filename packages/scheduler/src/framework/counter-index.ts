/**
 * All counters of the cluster: those that plugins asked for (kept while they are used, the longest unused let go), and those of the
 * (anti-)affinity terms that running pods carry (kept while one carries them).
 */
import type { Node, Pod } from "@kubets/api/generated/types/core-v1";
import type { AffinityTerm } from "./affinity-term.ts";
import { type CountedPods, type CountView, PodCounter } from "./pod-counter.ts";
import type { PodInfo } from "./pod-info.ts";
import { SelectionIndex } from "./selection-index.ts";
import type { RunningTerm, TermKind } from "./snapshot.ts";
import { type DomainRule, Domains, labelDomain, type NodeAtSlot, Topology } from "./topology.ts";

/** Each costs memory by the domains where it counts something. */
const MAX_COUNTERS = 4096;

interface Asked {
  readonly pods: CountedPods;
  readonly domains: Domains;
  readonly counter: PodCounter;
}

interface Running extends RunningTerm {
  readonly domains: Domains;
  readonly counts: PodCounter;
}

class RunningTerms {
  readonly bySignature = new Map<string, Running>();
  readonly index = new SelectionIndex<Running>();
}

type Nodes = Iterable<NodeAtSlot & { readonly pods: readonly PodInfo[] }>;

export class CounterIndex {
  readonly #nodes: () => Nodes;
  readonly #topologies = new Map<string, Topology>();
  /** In order of use. */
  readonly #asked = new Map<string, Asked>();
  readonly #index = new SelectionIndex<Asked>();
  readonly #running: Record<TermKind, RunningTerms> = {
    requiredAffinity: new RunningTerms(),
    requiredAntiAffinity: new RunningTerms(),
    preferredAffinity: new RunningTerms(),
    preferredAntiAffinity: new RunningTerms(),
  };

  constructor(nodes: () => Nodes) {
    this.#nodes = nodes;
  }

  counts(pods: CountedPods): CountView {
    const known = this.#asked.get(pods.signature);
    if (known) {
      this.#asked.delete(pods.signature);
      this.#asked.set(pods.signature, known);
      return known.counter;
    }
    return this.#ask(pods).counter;
  }

  /** What no counter uses is worked out for the one who asks. */
  topology(key: string): Topology {
    return this.#topologies.get(key) ?? new Topology(key, this.#nodes());
  }

  terms(kind: TermKind, pod: Pod): readonly RunningTerm[] {
    return this.#running[kind].index.about(pod);
  }

  addPod(info: PodInfo, slot: number, sign: 1 | -1): void {
    for (const { pods, counter } of this.#index.about(info.pod)) if (pods.matches(info.pod)) counter.add(slot, sign);
    if (!info.pod.spec.affinity) return;
    for (const term of info.affinity) this.#addTerm("requiredAffinity", term, 1, slot, sign);
    for (const term of info.antiAffinity) this.#addTerm("requiredAntiAffinity", term, 1, slot, sign);
    for (const term of info.preferredAffinity) this.#addTerm("preferredAffinity", term, term.weight, slot, sign);
    for (const term of info.preferredAntiAffinity)
      this.#addTerm("preferredAntiAffinity", term, term.weight, slot, sign);
  }

  /** A node came, changed or went (undefined). */
  setNode(slot: number, node: Node | undefined): void {
    for (const topology of this.#topologies.values()) {
      const concerned = [...topology.rules.values()].filter((domains) => domains.isNew(slot, node));
      for (const domains of concerned) domains.leave(slot);
      topology.set(slot, node);
      for (const domains of concerned) domains.enter(slot, node);
    }
  }

  /** Labels of a namespace changed: what depends on them is counted anew when it is asked for again. */
  forgetNamespaceLabels(): void {
    for (const [signature, asked] of this.#asked) if (asked.pods.ofNamespaceLabels) this.#letGo(signature);
  }

  #ask(pods: CountedPods): Asked {
    const asked = { pods, ...this.#newCounter(pods.domains) };
    for (const { slot, pods: infos } of this.#nodes()) {
      let count = 0;
      for (const info of infos) if (counted(pods, info)) count++;
      if (count) asked.counter.add(slot, count);
    }
    this.#asked.set(pods.signature, asked);
    this.#index.add(asked, pods);
    if (this.#asked.size > MAX_COUNTERS) this.#letGo(this.#asked.keys().next().value as string);
    return asked;
  }

  #letGo(signature: string): void {
    const asked = this.#asked.get(signature);
    if (!asked) return;
    this.#asked.delete(signature);
    this.#index.delete(asked, asked.pods);
    this.#drop(asked.domains, asked.counter);
  }

  #addTerm(kind: TermKind, term: AffinityTerm, weight: number, slot: number, sign: 1 | -1): void {
    const { bySignature, index } = this.#running[kind];
    const signature = `${weight};${term.signature}`;
    let entry = bySignature.get(signature);
    if (!entry) {
      const { domains, counter } = this.#newCounter(labelDomain(term.topologyKey));
      entry = { term, weight, domains, counts: counter };
      bySignature.set(signature, entry);
      index.add(entry, selectionOf(term));
    }
    entry.counts.add(slot, sign);
    if (!entry.counts.isEmpty) return;
    bySignature.delete(signature);
    index.delete(entry, selectionOf(entry.term));
    this.#drop(entry.domains, entry.counts);
  }

  #newCounter(rule: DomainRule): { domains: Domains; counter: PodCounter } {
    let topology = this.#topologies.get(rule.topologyKey);
    if (!topology) {
      topology = new Topology(rule.topologyKey, this.#nodes());
      this.#topologies.set(topology.key, topology);
    }
    let domains = topology.rules.get(rule.signature);
    if (!domains) {
      domains = new Domains(topology, rule, this.#nodes());
      topology.rules.set(rule.signature, domains);
    }
    const counter = new PodCounter(domains);
    domains.counters.add(counter);
    return { domains, counter };
  }

  #drop(domains: Domains, counter: PodCounter): void {
    const { topology, rule } = domains;
    domains.counters.delete(counter);
    if (domains.counters.size === 0) topology.rules.delete(rule.signature);
    if (topology.rules.size === 0) this.#topologies.delete(topology.key);
  }
}

const counted = (pods: CountedPods, { pod }: PodInfo): boolean =>
  (pods.namespaces?.has(pod.metadata.namespace) ?? true) && pods.matches(pod);

/** A term that selects namespaces by their labels may speak of pods of any. */
const selectionOf = ({ namespaces, namespaceSelector, selector }: AffinityTerm) => ({
  ...(namespaceSelector ? {} : { namespaces }),
  selector,
});
