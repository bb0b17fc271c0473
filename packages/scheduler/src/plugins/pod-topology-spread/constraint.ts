/** A spread constraint of a pod, read: which pods it counts, and which nodes make up its domains. */
import type { Node, Pod, TopologySpreadConstraint } from "@kubets/api/generated/types/core-v1";
import { matchesNodeAffinity } from "@kubets/api/pod/node-affinity";
import { untoleratedTaint } from "@kubets/api/pod/tolerations";
import { type LabelSelector, labelSelectorOf, newRequirement } from "@kubets/machinery/label-selector";
import { selectorSignature } from "../../framework/affinity-term.ts";
import type { CountedPods } from "../../framework/pod-counter.ts";
import type { DomainRule } from "../../framework/topology.ts";
import type { DefaultSelector } from "./default-selector.ts";

export const HOSTNAME = "kubernetes.io/hostname";

export interface SpreadConstraint {
  readonly topologyKey: string;
  readonly maxSkew: number;
  readonly minDomains: number;
  readonly selector: LabelSelector;
  readonly counted: CountedPods;
}

export interface Defaults {
  readonly constraints: readonly TopologySpreadConstraint[];
  readonly selectorOf: DefaultSelector;
  /** Whether `matchLabelKeys` count. */
  readonly labelKeys: boolean;
  /** The system's own defaults: a node counts for one constraint also where it lacks the label of another. */
  readonly system: boolean;
}

/** The pod's constraints of one kind, or the default ones. */
export function spreadConstraints(
  pod: Pod,
  kind: "DoNotSchedule" | "ScheduleAnyway",
  defaults: Defaults,
): SpreadConstraint[] {
  const own = pod.spec.topologySpreadConstraints ?? [];
  const list = (own.length ? own : defaults.constraints).filter(({ whenUnsatisfiable }) => whenUnsatisfiable === kind);
  if (list.length === 0) return [];
  const common = own.length ? undefined : defaults.selectorOf(pod);
  if (own.length === 0 && !common) return [];
  const keys = requiresAllKeys(pod, defaults) ? list.map(({ topologyKey }) => topologyKey) : [];
  return list.map((constraint) => read(pod, constraint, common ?? ownSelector(pod, constraint, defaults), keys));
}

export const requiresAllKeys = (pod: Pod, { system }: Defaults): boolean =>
  Boolean(pod.spec.topologySpreadConstraints?.length) || !system;

function read(
  pod: Pod,
  constraint: TopologySpreadConstraint,
  selector: LabelSelector,
  keys: readonly string[],
): SpreadConstraint {
  const { topologyKey, maxSkew, minDomains = 1 } = constraint;
  const { namespace } = pod.metadata;
  const domains = domainRule(pod, constraint, keys);
  const counted: CountedPods = {
    signature: `spread;${domains.signature};${namespace};${selectorSignature(selector)}`,
    domains,
    namespaces: new Set([namespace]),
    selector,
    matches: (other) => counts(selector, namespace, other),
  };
  return { topologyKey, maxSkew, minDomains, selector, counted };
}

/** Pods on their way out do not count; a selector without demands counts nothing. */
const counts = (selector: LabelSelector, namespace: string, { metadata }: Pod): boolean =>
  metadata.namespace === namespace &&
  metadata.deletionTimestamp === undefined &&
  !selector.isEmpty() &&
  selector.matches(metadata.labels);

/** The pod's own values of `matchLabelKeys` are demanded as well. */
function ownSelector(
  { metadata }: Pod,
  { labelSelector, matchLabelKeys = [] }: TopologySpreadConstraint,
  { labelKeys }: Defaults,
): LabelSelector {
  const labels = metadata.labels ?? {};
  const more = (labelKeys ? matchLabelKeys : []).flatMap((key) => {
    const value = labels[key];
    return value === undefined ? [] : [newRequirement(key, "in", [value])];
  });
  const selector = labelSelectorOf(labelSelector);
  return more.length ? selector.with(...more) : selector;
}

/** Nodes that lack a key, or that the inclusion policies leave out, are in no domain. */
function domainRule(pod: Pod, constraint: TopologySpreadConstraint, keys: readonly string[]): DomainRule {
  const { topologyKey, nodeAffinityPolicy = "Honor", nodeTaintsPolicy = "Ignore" } = constraint;
  const { nodeSelector, affinity, tolerations } = pod.spec;
  const selected =
    nodeAffinityPolicy === "Honor" && (nodeSelector !== undefined || affinity?.nodeAffinity !== undefined);
  const tolerated = nodeTaintsPolicy === "Honor";
  const parts: unknown[] = [topologyKey, keys];
  if (selected) parts.push(nodeSelector, affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution);
  if (tolerated) parts.push("taints", tolerations);
  const includes = (node: Node) =>
    keys.every((key) => node.metadata.labels?.[key] !== undefined) &&
    (!selected || matchesNodeAffinity(pod.spec, node)) &&
    (!tolerated || !untoleratedTaint(node.spec.taints, tolerations, ["NoSchedule", "NoExecute"]));
  return {
    signature: JSON.stringify(parts),
    topologyKey,
    ...(keys.length || selected || tolerated ? { includes } : {}),
  };
}
