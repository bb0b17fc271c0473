/**
 * The cluster as one cycle sees it. A cycle is synchronous, so the view is the live one: nothing is copied, and nothing changes while a
 * plugin looks. No plugin keeps a NodeInfo beyond the cycle.
 */
import type { Node, Pod } from "@kubets/api/generated/types/core-v1";
import type { AffinityTerm, NamespaceLabels } from "./affinity-term.ts";
import type { CountedPods, CountView } from "./pod-counter.ts";
import type { PodInfo } from "./pod-info.ts";
import type { Resources } from "./resources.ts";
import type { Topology } from "./topology.ts";

export type { PodInfo } from "./pod-info.ts";
export type { Resources } from "./resources.ts";

export interface Snapshot {
  /** In an order that interleaves zones. */
  readonly nodes: readonly NodeInfo[];
  node(name: string): NodeInfo | undefined;
  /** How many of some pods stand in each domain of a topology; kept in step with each change once it was asked for. */
  counts(pods: CountedPods): CountView;
  /** The (anti-)affinity terms of the pods that stand on nodes that may speak of a pod, one entry for all that mean the same. */
  terms(kind: TermKind, about: Pod): readonly RunningTerm[];
  topology(key: string): Topology;
  readonly namespaceLabels: NamespaceLabels;
  /** Whether some node holds an image of this name. */
  hasImage(name: string): boolean;
  /** The uids of the pods that use a claim, "namespace/claim". */
  podsOfClaim(key: string): ReadonlySet<string> | undefined;
}

export type TermKind = "requiredAffinity" | "requiredAntiAffinity" | "preferredAffinity" | "preferredAntiAffinity";

export interface RunningTerm {
  readonly term: AffinityTerm;
  /** 1 for required terms. */
  readonly weight: number;
  /** How many terms of running pods there are in each domain. */
  readonly counts: CountView;
}

/** A node with what runs on it. Amounts: CPU in millicores, memory and storage in bytes, others in units. */
export interface NodeInfo {
  readonly name: string;
  readonly node: Node;
  readonly pods: readonly PodInfo[];
  readonly allocatable: Resources;
  readonly requested: Resources;
  /** As `requested`, with a small amount for containers that ask for nothing: what scores count. */
  readonly nonZeroRequested: { readonly milliCpu: number; readonly memory: number };
  /** Host ports in use: the addresses ("0.0.0.0" for all) of each "protocol/port". */
  readonly usedPorts: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** The images that the node holds, by each of their names. */
  readonly images: ReadonlyMap<string, { readonly size: number; readonly nodes: number }>;
  /** Stands for it wherever something is kept by node; a copy for a trial has that of its original. */
  readonly slot: number;
}

export type { Node, Pod };
