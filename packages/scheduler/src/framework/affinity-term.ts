/**
 * A term of pod affinity or anti-affinity, read once: which pods it speaks of, and over which topology. Terms of the same meaning have
 * the same `signature`, however many pods carry them; so what is counted for one is counted for all.
 */
import type { Pod, PodAffinityTerm } from "@kubets/api/generated/types/core-v1";
import {
  everything,
  type LabelSelector,
  labelSelectorOf,
  nothing,
  SelectorError,
} from "@kubets/machinery/label-selector";

export type Labels = Readonly<Record<string, string>>;
/** The labels of a namespace; of one that is not known, none. */
export type NamespaceLabels = (namespace: string) => Labels | undefined;

export interface AffinityTerm {
  readonly topologyKey: string;
  readonly namespaces: ReadonlySet<string>;
  readonly selector: LabelSelector;
  /** Absent where the term names its namespaces only. */
  readonly namespaceSelector: LabelSelector | undefined;
  /** The pods spoken of, without the topology. */
  readonly podsSignature: string;
  readonly signature: string;
}

export interface WeightedTerm extends AffinityTerm {
  readonly weight: number;
}

export function affinityTerm(term: PodAffinityTerm, owner: Pod): AffinityTerm {
  const selector = readSelector(term.labelSelector);
  const spaces = term.namespaceSelector === undefined ? undefined : readSelector(term.namespaceSelector);
  const own = !term.namespaces?.length && spaces === undefined;
  const namespaces = new Set(own ? [owner.metadata.namespace] : term.namespaces);
  const podsSignature = [
    [...namespaces].sort().join(","),
    spaces ? selectorSignature(spaces) : "-",
    selectorSignature(selector),
  ].join(";");
  const { topologyKey } = term;
  return {
    topologyKey,
    namespaces,
    selector,
    namespaceSelector: spaces === nothing ? undefined : spaces,
    podsSignature,
    signature: `${topologyKey};${podsSignature}`,
  };
}

export function sameLabels(a: Labels, b: Labels): boolean {
  if (a === b) return true;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

/** Whether the term speaks of this pod. */
export function termMatches(term: AffinityTerm, pod: Pod, namespaceLabels: NamespaceLabels): boolean {
  const { namespace, labels } = pod.metadata;
  if (!term.namespaces.has(namespace)) {
    if (!term.namespaceSelector?.matches(namespaceLabels(namespace))) return false;
  }
  return term.selector.matches(labels);
}

export const selectorSignature = (selector: LabelSelector): string =>
  selector.selectable ? (selector === everything ? "*" : selector.toString()) : "!";

/** A selector that cannot be read selects nothing; the server does not let such a one pass. */
function readSelector(selector: Parameters<typeof labelSelectorOf>[0]): LabelSelector {
  try {
    return labelSelectorOf(selector);
  } catch (error) {
    if (error instanceof SelectorError) return nothing;
    throw error;
  }
}
