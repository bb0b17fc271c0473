/**
 * Who depends on whom, by uid: what informers tell of every object, reduced to what deletion needs.
 * Holds: a node stands for an object that was seen and not seen to go; edges are kept from the dependents' side, so an owner that was never
 * seen has dependents all the same; a uid that was seen to go never comes back.
 */
import type { OwnerReference } from "@kubets/api/generated/types/meta-v1";
import type { KubeObject } from "@kubets/api/meta";
import { parseGroupVersion, type ResourceRef } from "@kubets/api/resource-ref";

export const FOREGROUND = "foregroundDeletion";
export const ORPHAN = "orphan";

export interface GraphNode {
  readonly uid: string;
  readonly ref: ResourceRef;
  readonly namespace: string;
  readonly name: string;
  readonly resourceVersion: string;
  readonly owners: readonly OwnerReference[];
  readonly finalizers: readonly string[];
  readonly going: boolean;
}

const GONE_REMEMBERED = 5000;

export const nodeOf = (ref: ResourceRef, { metadata }: KubeObject): GraphNode => ({
  uid: metadata.uid,
  ref,
  namespace: metadata.namespace ?? "",
  name: metadata.name,
  resourceVersion: metadata.resourceVersion,
  owners: metadata.ownerReferences ?? [],
  finalizers: metadata.finalizers ?? [],
  going: metadata.deletionTimestamp !== undefined,
});

/** Its dependents are deleted first. */
export const deletesDependents = ({ going, finalizers }: GraphNode): boolean =>
  going && finalizers.includes(FOREGROUND);
export const orphansDependents = ({ going, finalizers }: GraphNode): boolean => going && finalizers.includes(ORPHAN);

export const blocks = (dependent: GraphNode, ownerUid: string): boolean =>
  dependent.owners.some(({ uid, blockOwnerDeletion }) => uid === ownerUid && blockOwnerDeletion);

/** Whether a reference says of the node what it is; one of another group, name or namespace means something else. */
export const isNamed = (node: GraphNode, { apiVersion, kind, name }: OwnerReference, namespace: string): boolean =>
  node.ref.kind === kind &&
  node.ref.group === parseGroupVersion(apiVersion).group &&
  node.name === name &&
  (node.namespace === "" || node.namespace === namespace);

export class Graph {
  readonly #nodes = new Map<string, GraphNode>();
  readonly #dependents = new Map<string, Set<string>>();
  readonly #gone = new Set<string>();

  get(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid);
  }

  /** It was seen to go. */
  isGone(uid: string): boolean {
    return this.#gone.has(uid);
  }

  dependentsOf(uid: string): GraphNode[] {
    const found: GraphNode[] = [];
    for (const each of this.#dependents.get(uid) ?? []) {
      const node = this.#nodes.get(each);
      if (node) found.push(node);
    }
    return found;
  }

  /** Takes in an object as it is now, and tells whom that concerns. */
  put(node: GraphNode): string[] {
    const old = this.#nodes.get(node.uid);
    this.#nodes.set(node.uid, node);
    if (old?.owners !== node.owners) this.#relink(node, old);
    return concerned(node, old, this);
  }

  /** It has gone: those that depended on it may have to follow, and owners that waited for it may go. */
  remove(uid: string): string[] {
    const node = this.#nodes.get(uid);
    this.#remember(uid);
    this.#nodes.delete(uid);
    const keys = [...(this.#dependents.get(uid) ?? [])];
    for (const { uid: owner } of node?.owners ?? []) {
      this.#unlink(owner, uid);
      const waiting = this.#nodes.get(owner);
      if (waiting && deletesDependents(waiting)) keys.push(owner);
    }
    return keys;
  }

  #relink(node: GraphNode, old: GraphNode | undefined): void {
    for (const { uid } of old?.owners ?? []) this.#unlink(uid, node.uid);
    for (const { uid } of node.owners) {
      const set = this.#dependents.get(uid) ?? new Set();
      this.#dependents.set(uid, set.add(node.uid));
    }
  }

  #unlink(owner: string, dependent: string): void {
    const set = this.#dependents.get(owner);
    set?.delete(dependent);
    if (set?.size === 0) this.#dependents.delete(owner);
  }

  #remember(uid: string): void {
    this.#gone.add(uid);
    if (this.#gone.size <= GONE_REMEMBERED) return;
    for (const oldest of this.#gone) {
      this.#gone.delete(oldest);
      return;
    }
  }
}

function concerned(node: GraphNode, old: GraphNode | undefined, graph: Graph): string[] {
  const keys: string[] = [];
  if (deletesDependents(node) && !(old && deletesDependents(old))) {
    keys.push(node.uid);
    for (const dependent of graph.dependentsOf(node.uid)) keys.push(dependent.uid);
  } else if (orphansDependents(node) && !(old && orphansDependents(old))) keys.push(node.uid);
  // Only an owner that is not in the graph, or is going, can make a dependent go.
  const isLinkedAnew = !old || old.owners !== node.owners;
  if (isLinkedAnew && node.owners.some((owner) => isDoubtful(owner, node, graph))) keys.push(node.uid);
  // An owner that waited for a dependent which blocks it no longer.
  for (const { uid } of old?.owners ?? []) {
    const owner = graph.get(uid);
    if (owner && deletesDependents(owner) && !blocks(node, uid)) keys.push(uid);
  }
  return keys;
}

function isDoubtful(reference: OwnerReference, node: GraphNode, graph: Graph): boolean {
  const owner = graph.get(reference.uid);
  return !owner || deletesDependents(owner) || !isNamed(owner, reference, node.namespace);
}
