/**
 * A scheduler as dumb as can be, to compare with: looks at every node and every pod anew for each decision, and keeps nothing. It says of a
 * pod which nodes are best, or why each node refuses it; naive-preemption.ts says who would have to go for it.
 */
import type { Node, Pod, PodAffinityTerm, TopologySpreadConstraint } from "@kubets/api/generated/types/core-v1";
import { hostPorts, hostPortsConflict } from "@kubets/api/pod/host-ports";
import { matchesNodeAffinity, preferredNodeWeight } from "@kubets/api/pod/node-affinity";
import { podRequests } from "@kubets/api/pod/resources";
import { toleratesTaint } from "@kubets/api/pod/tolerations";
import { labelSelectorOf } from "@kubets/machinery/label-selector";
import { parseQuantity } from "@kubets/machinery/quantity";

export interface NaiveCluster {
  readonly nodes: readonly Node[];
  /** With their nodes in spec.nodeName. */
  readonly pods: readonly Pod[];
  readonly namespaces: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export type NaiveAnswer =
  | { readonly best: readonly string[] }
  | { readonly refusals: Readonly<Record<string, string>> };

export function decideNaively(cluster: NaiveCluster, pod: Pod): NaiveAnswer {
  const refusals: Record<string, string> = {};
  const fitting: Node[] = [];
  for (const node of cluster.nodes) {
    const reason = refusalOf(cluster, pod, node);
    if (reason) refusals[node.metadata.name] = reason;
    else fitting.push(node);
  }
  if (fitting.length === 0) return { refusals };
  const totals = totalsOf(cluster, pod, fitting);
  const max = Math.max(...totals);
  return { best: fitting.filter((_, i) => totals[i] === max).map(({ metadata }) => metadata.name) };
}

/** Why the node refuses the pod, if it does. */
export function refusalOf(cluster: NaiveCluster, pod: Pod, node: Node): string | undefined {
  const unschedulable = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" };
  const { tolerations } = pod.spec;
  if (node.spec.unschedulable && !toleratesTaint(tolerations, unschedulable)) return "node(s) were unschedulable";
  const hard = (node.spec.taints ?? []).filter(({ effect }) => effect !== "PreferNoSchedule");
  if (hard.some((taint) => !toleratesTaint(tolerations, taint))) return "node(s) had untolerated taint(s)";
  if (!matchesNodeAffinity(pod.spec, node)) return "node(s) didn't match Pod's node affinity/selector";
  const there = podsOn(cluster, node);
  const taken = there.flatMap((other) => hostPorts(other.spec));
  if (hostPorts(pod.spec).some((port) => taken.some((other) => hostPortsConflict(port, other))))
    return "node(s) didn't have free ports for the requested pod ports";
  return lackingOn(pod, node, there) ?? spreadRefusal(cluster, pod, node) ?? affinityRefusal(cluster, pod, node);
}

function lackingOn(pod: Pod, node: Node, there: readonly Pod[]): string | undefined {
  const lacking: string[] = [];
  if (there.length + 1 > Number(node.status.allocatable?.pods ?? 0)) lacking.push("Too many pods");
  for (const resource of ["cpu", "memory", "example.com/thing"]) {
    const wanted = requestOf(pod, resource);
    if (wanted > 0 && wanted + sum(there.map((other) => requestOf(other, resource))) > allocatable(node, resource))
      lacking.push(`Insufficient ${resource}`);
  }
  return lacking.length ? lacking.join("+") : undefined;
}

/** CPU in thousandths, others in units. */
function requestOf(pod: Pod, resource: string): number {
  const quantity = podRequests(pod).get(resource);
  return quantity ? (resource === "cpu" ? quantity.milliValue() : quantity.value()) : 0;
}

function allocatable(node: Node, resource: string): number {
  const quantity = parseQuantity(node.status.allocatable?.[resource] ?? "0");
  return resource === "cpu" ? quantity.milliValue() : quantity.value();
}

function spreadRefusal(cluster: NaiveCluster, pod: Pod, node: Node): string | undefined {
  const constraints = spreadOf(pod, "DoNotSchedule");
  for (const constraint of constraints) {
    const domain = node.metadata.labels?.[constraint.topologyKey];
    if (domain === undefined) return "node(s) didn't match pod topology spread constraints (missing required label)";
    const counts = domainCounts(cluster, pod, constraint, constraints);
    const min = counts.size < (constraint.minDomains ?? 1) ? 0 : Math.min(...counts.values());
    const self = labelSelectorOf(constraint.labelSelector).matches(pod.metadata.labels) ? 1 : 0;
    if ((counts.get(domain) ?? 0) + self - min > constraint.maxSkew)
      return "node(s) didn't match pod topology spread constraints";
  }
  return undefined;
}

const spreadOf = (pod: Pod, kind: string) =>
  (pod.spec.topologySpreadConstraints ?? []).filter(({ whenUnsatisfiable }) => whenUnsatisfiable === kind);

function domainCounts(
  cluster: NaiveCluster,
  pod: Pod,
  constraint: TopologySpreadConstraint,
  all: readonly TopologySpreadConstraint[],
) {
  const counts = new Map<string, number>();
  for (const node of cluster.nodes) {
    const labels = node.metadata.labels ?? {};
    if (!all.every(({ topologyKey }) => labels[topologyKey] !== undefined)) continue;
    if (constraint.nodeAffinityPolicy !== "Ignore" && !matchesNodeAffinity(pod.spec, node)) continue;
    const hard = (node.spec.taints ?? []).filter(({ effect }) => effect !== "PreferNoSchedule");
    if (constraint.nodeTaintsPolicy === "Honor" && hard.some((taint) => !toleratesTaint(pod.spec.tolerations, taint)))
      continue;
    const domain = labels[constraint.topologyKey] as string;
    counts.set(domain, (counts.get(domain) ?? 0) + countOn(cluster, pod, node, constraint));
  }
  return counts;
}

const countOn = (cluster: NaiveCluster, pod: Pod, node: Node, { labelSelector }: TopologySpreadConstraint): number =>
  podsOn(cluster, node).filter(
    ({ metadata }) =>
      metadata.namespace === pod.metadata.namespace &&
      !metadata.deletionTimestamp &&
      labelSelectorOf(labelSelector).matches(metadata.labels),
  ).length;

function affinityRefusal(cluster: NaiveCluster, pod: Pod, node: Node): string | undefined {
  const near = pod.spec.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  const away = pod.spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  const all = (other: Pod) => near.every((term) => speaksOf(cluster, term, pod, other));
  const placed = cluster.pods.filter((other) => nodeOf(cluster, other));
  const missing = near.some(({ topologyKey }) => node.metadata.labels?.[topologyKey] === undefined);
  const met = near.every((term) =>
    placed.some((other) => all(other) && together(cluster, term.topologyKey, node, other)),
  );
  const somewhere = near.some(({ topologyKey }) =>
    placed.some((other) => all(other) && nodeOf(cluster, other)?.metadata.labels?.[topologyKey] !== undefined),
  );
  if (near.length && (missing || (!met && (somewhere || !all(pod))))) return "node(s) didn't match pod affinity rules";
  if (
    away.some((term) =>
      placed.some((other) => speaksOf(cluster, term, pod, other) && together(cluster, term.topologyKey, node, other)),
    )
  )
    return "node(s) didn't match pod anti-affinity rules";
  const refused = placed.some((other) =>
    (other.spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).some(
      (term) => speaksOf(cluster, term, other, pod) && together(cluster, term.topologyKey, node, other),
    ),
  );
  return refused ? "node(s) didn't satisfy existing pods anti-affinity rules" : undefined;
}

function speaksOf(cluster: NaiveCluster, term: PodAffinityTerm, owner: Pod, other: Pod): boolean {
  const { namespace } = other.metadata;
  const named = term.namespaces?.length || term.namespaceSelector ? term.namespaces : [owner.metadata.namespace];
  const bySelector =
    term.namespaceSelector && labelSelectorOf(term.namespaceSelector).matches(cluster.namespaces[namespace]);
  return (
    Boolean(named?.includes(namespace) || bySelector) &&
    labelSelectorOf(term.labelSelector).matches(other.metadata.labels)
  );
}

function together(cluster: NaiveCluster, key: string, node: Node, other: Pod): boolean {
  const domain = node.metadata.labels?.[key];
  return domain !== undefined && nodeOf(cluster, other)?.metadata.labels?.[key] === domain;
}

/** By the default weights. */
function totalsOf(cluster: NaiveCluster, pod: Pod, nodes: readonly Node[]): number[] {
  const taints = nodes.map(
    ({ spec }) =>
      (spec.taints ?? []).filter(
        (taint) => taint.effect === "PreferNoSchedule" && !toleratesTaint(pod.spec.tolerations, taint),
      ).length,
  );
  const parts: [number, number[]][] = [
    [3, byMax(taints).map((score) => 100 - score)],
    [2, byMax(nodes.map((node) => preferredNodeWeight(pod.spec, node)))],
    [1, nodes.map((node) => leastAllocated(cluster, pod, node))],
    [1, nodes.map((node) => balanced(cluster, pod, node))],
    [2, softSpread(cluster, pod, nodes)],
    [2, preferences(cluster, pod, nodes)],
  ];
  return nodes.map((_, i) => sum(parts.map(([weight, scores]) => weight * (scores[i] as number))));
}

const byMax = (scores: readonly number[]): number[] => {
  const max = Math.max(...scores);
  return scores.map((score) => (max ? Math.trunc((100 * score) / max) : 0));
};

function leastAllocated(cluster: NaiveCluster, pod: Pod, node: Node): number {
  const all = [...podsOn(cluster, node), pod];
  const cpu = sum(all.map((one) => nonZero(one, "cpu", 100)));
  const memory = sum(all.map((one) => nonZero(one, "memory", 200 * 2 ** 20)));
  const free = (used: number, of: number) => (used > of ? 0 : Math.trunc(((of - used) * 100) / of));
  return Math.trunc((free(cpu, allocatable(node, "cpu")) + free(memory, allocatable(node, "memory"))) / 2);
}

/** Of pods with one container. */
const nonZero = (pod: Pod, resource: string, fallback: number) =>
  pod.spec.containers[0]?.resources?.requests?.[resource] === undefined ? fallback : requestOf(pod, resource);

function balanced(cluster: NaiveCluster, pod: Pod, node: Node): number {
  if (requestOf(pod, "cpu") === 0 && requestOf(pod, "memory") === 0) return 0;
  const part = (resource: string) =>
    Math.min(
      1,
      sum([...podsOn(cluster, node), pod].map((one) => requestOf(one, resource))) / allocatable(node, resource),
    );
  return Math.trunc((1 - Math.abs(part("cpu") - part("memory")) / 2) * 100);
}

function softSpread(cluster: NaiveCluster, pod: Pod, nodes: readonly Node[]): number[] {
  const constraints = spreadOf(pod, "ScheduleAnyway");
  if (constraints.length === 0) return nodes.map(() => 0);
  const complete = (node: Node) =>
    constraints.every(({ topologyKey }) => node.metadata.labels?.[topologyKey] !== undefined);
  const scored = nodes.filter(complete);
  const raw = nodes.map((node) => {
    if (!complete(node)) return undefined;
    const scores = constraints.map((constraint) => {
      const domain = node.metadata.labels?.[constraint.topologyKey] as string;
      const hostname = constraint.topologyKey === "kubernetes.io/hostname";
      const domains = hostname
        ? scored.length
        : new Set(scored.map(({ metadata }) => metadata.labels?.[constraint.topologyKey])).size;
      const count = hostname
        ? countOn(cluster, pod, node, constraint)
        : (domainCounts(cluster, pod, constraint, constraints).get(domain) ?? 0);
      return count * Math.log(domains + 2) + constraint.maxSkew - 1;
    });
    return Math.round(sum(scores));
  });
  const known = raw.filter((score) => score !== undefined);
  const [min, max] = [Math.min(...known), Math.max(0, ...known)];
  return raw.map((score) =>
    score === undefined ? 0 : max === 0 ? 100 : Math.trunc((100 * (max + min - score)) / max),
  );
}

function preferences(cluster: NaiveCluster, pod: Pod, nodes: readonly Node[]): number[] {
  const raw = nodes.map((node) => sum(cluster.pods.map((other) => preference(cluster, pod, other, node))));
  const [min, max] = [Math.min(...raw), Math.max(...raw)];
  return raw.map((score) => (max === min ? 0 : Math.trunc((100 * (score - min)) / (max - min))));
}

/** What a pod that runs somewhere adds to the score of a node. */
function preference(cluster: NaiveCluster, pod: Pod, other: Pod, node: Node): number {
  let score = 0;
  const count = (term: PodAffinityTerm, owner: Pod, of: Pod, weight: number) => {
    if (speaksOf(cluster, term, owner, of) && together(cluster, term.topologyKey, node, other)) score += weight;
  };
  for (const [owner, of] of [
    [pod, other],
    [other, pod],
  ] as const) {
    const { podAffinity, podAntiAffinity } = owner.spec.affinity ?? {};
    for (const { weight, podAffinityTerm } of podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [])
      count(podAffinityTerm, owner, of, weight);
    for (const { weight, podAffinityTerm } of podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [])
      count(podAffinityTerm, owner, of, -weight);
  }
  for (const term of other.spec.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [])
    count(term, other, pod, 1);
  return score;
}

const podsOn = (cluster: NaiveCluster, node: Node) =>
  cluster.pods.filter(({ spec }) => spec.nodeName === node.metadata.name);
const nodeOf = (cluster: NaiveCluster, pod: Pod) =>
  cluster.nodes.find(({ metadata }) => metadata.name === pod.spec.nodeName);
const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
