/**
 * Which nodes a pod may go to by its own wish: `nodeSelector` and required node affinity. Terms are alternatives; within a term all must
 * hold; an empty term, and a term that cannot be read, matches nothing.
 */
import type {
  Node,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodSpec,
} from "../generated/types/core-v1.ts";

type Labels = Readonly<Record<string, string>>;
type NodeFacts = { readonly metadata: { readonly name: string; readonly labels?: Labels } };

export function matchesNodeAffinity(spec: PodSpec, node: NodeFacts): boolean {
  if (!matchesLabels(spec.nodeSelector, node.metadata.labels)) return false;
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return required === undefined || matchesNodeSelector(required, node);
}

export const matchesNodeSelector = (selector: NodeSelector, node: NodeFacts): boolean =>
  selector.nodeSelectorTerms.some((term) => matchesNodeTerm(term, node));

export function matchesNodeTerm({ matchExpressions, matchFields }: NodeSelectorTerm, node: NodeFacts): boolean {
  if (!matchExpressions?.length && !matchFields?.length) return false;
  const labels = node.metadata.labels ?? {};
  const fields: Labels = { "metadata.name": node.metadata.name };
  return (
    (matchExpressions ?? []).every((requirement) => matchesRequirement(requirement, labels)) &&
    (matchFields ?? []).every((requirement) => matchesRequirement(requirement, fields))
  );
}

/** The sum of the weights of the preferred terms that a node matches. */
export const preferredNodeWeight = (spec: PodSpec, node: Node): number =>
  (spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [])
    .filter(({ preference }) => matchesNodeTerm(preference, node))
    .reduce((sum, { weight }) => sum + weight, 0);

function matchesRequirement({ key, operator, values = [] }: NodeSelectorRequirement, labels: Labels): boolean {
  const has = Object.hasOwn(labels, key);
  const value = has ? (labels[key] as string) : "";
  switch (operator) {
    case "In":
      return has && values.includes(value);
    case "NotIn":
      return !has || !values.includes(value);
    case "Exists":
      return has;
    case "DoesNotExist":
      return !has;
    case "Gt":
    case "Lt":
      return has && compares(operator, value, values);
    default:
      return false;
  }
}

function compares(operator: "Gt" | "Lt", value: string, values: readonly string[]): boolean {
  const [bound, actual] = [integer(values[0]), integer(value)];
  if (values.length !== 1 || bound === undefined || actual === undefined) return false;
  return operator === "Gt" ? actual > bound : actual < bound;
}

const integer = (text: string | undefined): bigint | undefined =>
  text !== undefined && /^[+-]?\d+$/.test(text) ? BigInt(text.replace(/^\+/, "")) : undefined;

const matchesLabels = (wanted: Labels | undefined, labels: Labels = {}): boolean =>
  Object.entries(wanted ?? {}).every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value);
