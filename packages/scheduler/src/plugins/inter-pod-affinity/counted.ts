/** The pods that all of some terms speak of, as something to count over a topology. */
import { type AffinityTerm, termMatches } from "../../framework/affinity-term.ts";
import type { CountedPods } from "../../framework/pod-counter.ts";
import type { Snapshot } from "../../framework/snapshot.ts";
import { labelDomain } from "../../framework/topology.ts";

export function countedBy(terms: readonly AffinityTerm[], topologyKey: string, snapshot: Snapshot): CountedPods {
  const ofNamespaceLabels = terms.some(({ namespaceSelector }) => namespaceSelector !== undefined);
  const first = terms[0] as AffinityTerm;
  return {
    signature: `affinity;${topologyKey};${terms.map(({ podsSignature }) => podsSignature).join("&")}`,
    domains: labelDomain(topologyKey),
    ofNamespaceLabels,
    selector: first.selector,
    ...(first.namespaceSelector ? {} : { namespaces: first.namespaces }),
    matches: (pod) => terms.every((term) => termMatches(term, pod, snapshot.namespaceLabels)),
  };
}
