/**
 * All counters of the cluster: those that plugins asked for (kept while they are used, the longest unused let go), and those of the
 * (anti-)affinity terms that running pods carry (kept while one carries them).
 */
import type { Node } from "@kubets/api/generated/types/core-v1";
import type { AffinityTerm } from "./affinity-term.ts";
import {
  type CountedPods,
  type CountView,
  DomainIndex,
  type DomainRule,
  labelDomain,
  PodCounter,
} from "./pod-counter.ts";
import type { PodInfo } from "./pod-info.ts";
import type { RunningTerm, TermKind } from "./snapshot.ts";

const MAX_COUNTERS = 512;

interface Asked {
  readonly pods: CountedPods;
  readonly counter: PodCounter;
}

interface Running extends RunningTerm {
  readonly counts: PodCounter;
}

type Nodes = Iterable<{ readonly name: string; readonly object: Node | undefined; readonly pods: readonly PodInfo[] }>;

export class CounterIndex {
  readonly #nodes: () => Nodes;
  readonly #domains = new Map<string, DomainIndex>();
  /** In order of use. */
  readonly #asked = new Map<string, Asked>();
  /** Those asked for that may count pods of a namespace; "" for those of any. */
  readonly #byNamespace = new Map<string, Set<Asked>>();
  readonly #running: Record<TermKind, Map<string, Running>> = {
    requiredAffinity: new Map(),
    requiredAntiAffinity: new Map(),
    preferredAffinity: new Map(),
    preferredAntiAffinity: new Map(),
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

  terms(kind: TermKind): Iterable<RunningTerm> {
    return this.#running[kind].values();
  }

  hasTerms(kind: TermKind): boolean {
    return this.#running[kind].size > 0;
  }

  addPod(info: PodInfo, node: string, sign: 1 | -1): void {
    if (this.#byNamespace.size) {
      this.#addTo(this.#byNamespace.get(info.pod.metadata.namespace), info, node, sign);
      this.#addTo(this.#byNamespace.get(""), info, node, sign);
    }
    if (!info.pod.spec.affinity) return;
    for (const term of info.affinity) this.#addTerm("requiredAffinity", term, 1, node, sign);
    for (const term of info.antiAffinity) this.#addTerm("requiredAntiAffinity", term, 1, node, sign);
    for (const term of info.preferredAffinity) this.#addTerm("preferredAffinity", term, term.weight, node, sign);
    for (const term of info.preferredAntiAffinity)
      this.#addTerm("preferredAntiAffinity", term, term.weight, node, sign);
  }

  /** A node came, changed or went (undefined). */
  setNode(name: string, node: Node | undefined): void {
    for (const index of this.#domains.values()) {
      const before = index.domainOf(name);
      const now = node && index.rule.of(node);
      if (before === now) continue;
      const counters = this.#countersOf(index);
      for (const counter of counters) counter.leave(name);
      index.set(name, node);
      for (const counter of counters) counter.enter(name);
    }
  }

  /** Labels of a namespace changed: what depends on them is counted anew when it is asked for again. */
  forgetNamespaceLabels(): void {
    for (const [signature, asked] of this.#asked) if (asked.pods.ofNamespaceLabels) this.#letGo(signature);
  }

  #ask(pods: CountedPods): Asked {
    const asked = { pods, counter: new PodCounter(this.#domainIndex(pods.domains)) };
    for (const { name, pods: infos } of this.#nodes()) {
      let count = 0;
      for (const info of infos) if (counted(pods, info)) count++;
      if (count) asked.counter.add(name, count);
    }
    this.#asked.set(pods.signature, asked);
    for (const namespace of pods.namespaces ?? [""]) {
      const set = this.#byNamespace.get(namespace);
      if (set) set.add(asked);
      else this.#byNamespace.set(namespace, new Set([asked]));
    }
    if (this.#asked.size > MAX_COUNTERS) this.#letGo(this.#asked.keys().next().value as string);
    return asked;
  }

  #letGo(signature: string): void {
    const asked = this.#asked.get(signature);
    if (!asked) return;
    this.#asked.delete(signature);
    for (const namespace of asked.pods.namespaces ?? [""]) {
      const set = this.#byNamespace.get(namespace);
      set?.delete(asked);
      if (set?.size === 0) this.#byNamespace.delete(namespace);
    }
    this.#letDomainsGo(asked.counter.index);
  }

  #addTo(set: ReadonlySet<Asked> | undefined, info: PodInfo, node: string, sign: 1 | -1): void {
    if (!set) return;
    for (const { pods, counter } of set) if (pods.matches(info.pod)) counter.add(node, sign);
  }

  #addTerm(kind: TermKind, term: AffinityTerm, weight: number, node: string, sign: 1 | -1): void {
    const running = this.#running[kind];
    const signature = `${weight};${term.signature}`;
    let entry = running.get(signature);
    if (!entry) {
      entry = { term, weight, counts: new PodCounter(this.#domainIndex(labelDomain(term.topologyKey))) };
      running.set(signature, entry);
    }
    entry.counts.add(node, sign);
    if (!entry.counts.isEmpty) return;
    running.delete(signature);
    this.#letDomainsGo(entry.counts.index);
  }

  #domainIndex(rule: DomainRule): DomainIndex {
    let index = this.#domains.get(rule.signature);
    if (index) return index;
    index = new DomainIndex(rule);
    for (const { name, object } of this.#nodes()) index.set(name, object);
    this.#domains.set(rule.signature, index);
    return index;
  }

  #letDomainsGo(index: DomainIndex): void {
    if (this.#countersOf(index).length === 0) this.#domains.delete(index.rule.signature);
  }

  #countersOf(index: DomainIndex): PodCounter[] {
    const all = [
      ...[...this.#asked.values()].map(({ counter }) => counter),
      ...Object.values(this.#running).flatMap((terms) => [...terms.values()].map(({ counts }) => counts)),
    ];
    return all.filter((counter) => counter.index === index);
  }
}

const counted = (pods: CountedPods, { pod }: PodInfo): boolean =>
  (pods.namespaces?.has(pod.metadata.namespace) ?? true) && pods.matches(pod);
