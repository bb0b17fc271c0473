/**
 * What the scheduler knows of the cluster: nodes, and the pods that stand on them or are about to. Each change costs its own size.
 * Holds: an assumed pod counts from the moment it is assumed, and exactly once, whether the watch or the answer to its binding comes
 * first; what the watch says of a pod wins over what was assumed. A pod that is withdrawn for a trial counts nowhere until it is put back,
 * and what is told of it meanwhile is not lost.
 */
import type { Node, Pod } from "@kubets/api/generated/types/core-v1";
import { type Labels, sameLabels } from "./affinity-term.ts";
import { ClaimIndex } from "./claim-index.ts";
import { CounterIndex } from "./counter-index.ts";
import { ImageIndex } from "./image-index.ts";
import { type ImageState, MutableNodeInfo } from "./node-info.ts";
import { interleaveZones, zoneOf } from "./node-order.ts";
import { NodeStamps } from "./node-stamps.ts";
import type { CountedPods, CountView } from "./pod-counter.ts";
import { type PodInfo, podInfo } from "./pod-info.ts";
import { sameResources } from "./resources.ts";
import type { NodeInfo, RunningTerm, Snapshot, TermKind } from "./snapshot.ts";
import type { Topology } from "./topology.ts";

interface Standing {
  info: PodInfo;
  node: string;
  assumed: boolean;
}

export class ClusterState implements Snapshot {
  readonly #nodes = new Map<string, MutableNodeInfo>();
  readonly #standing = new Map<string, Standing>();
  readonly #withdrawn = new Map<string, Standing>();
  readonly #images = new ImageIndex();
  readonly #claims = new ClaimIndex();
  readonly #counters = new CounterIndex(() => this.#nodes.values());
  readonly #namespaces = new Map<string, Labels>();
  #assumed = 0;
  readonly stamps = new NodeStamps();
  #order: MutableNodeInfo[] | undefined;
  #slots: readonly number[] = [];

  get nodes(): readonly NodeInfo[] {
    if (!this.#order) {
      this.#order = interleaveZones([...this.#nodes.values()].filter(({ object }) => object));
      this.#slots = this.#order.map(({ slot }) => slot);
    }
    return this.#order;
  }

  /** The slots of `nodes`, in their order. */
  get slots(): readonly number[] {
    return this.nodes.length ? this.#slots : [];
  }

  node(name: string): MutableNodeInfo | undefined {
    const info = this.#nodes.get(name);
    return info?.object ? info : undefined;
  }

  readonly namespaceLabels = (namespace: string): Labels | undefined => this.#namespaces.get(namespace);
  hasImage(name: string): boolean {
    return this.#images.has(name);
  }
  podsOfClaim(key: string): ReadonlySet<string> | undefined {
    return this.#claims.podsOf(key);
  }
  counts(pods: CountedPods): CountView {
    return this.#counters.counts(pods);
  }
  terms(kind: TermKind, pod: Pod): readonly RunningTerm[] {
    return this.#counters.terms(kind, pod);
  }
  topology(key: string): Topology {
    return this.#counters.topology(key);
  }

  get sizes(): { nodes: number; pods: number; assumed_pods: number } {
    return { nodes: this.nodes.length, pods: this.#standing.size, assumed_pods: this.#assumed };
  }

  setNode(node: Node): void {
    const info = this.#nodeInfo(node.metadata.name);
    const old = info.object;
    if (!old || zoneOf(old) !== zoneOf(node)) this.#order = undefined;
    if (!old || old.status.images !== node.status.images) {
      const images = this.#images.take(node);
      this.#images.drop(info.images as ReadonlyMap<string, ImageState>);
      info.setNode(node, images);
    } else info.setNode(node, info.images);
    this.#counters.setNode(info.slot, node);
  }

  removeNode(name: string): void {
    const info = this.#nodes.get(name);
    if (!info?.object) return;
    this.#images.drop(info.images);
    info.setNode(undefined);
    this.#counters.setNode(info.slot, undefined);
    this.#order = undefined;
    if (info.pods.length === 0) this.#drop(info);
  }

  setNamespace(name: string, labels: Labels | undefined): void {
    if (labels) this.#namespaces.set(name, labels);
    else this.#namespaces.delete(name);
    this.#counters.forgetNamespaceLabels();
  }

  /** A pod stands on its node, says the watch; also when it is there in another revision, or was assumed. */
  setPod(pod: Pod): void {
    const { uid } = pod.metadata;
    const info = podInfo(pod);
    const node = pod.spec.nodeName as string;
    if (this.#withdrawn.has(uid)) {
      this.#withdrawn.set(uid, { info, node, assumed: false });
      return;
    }
    const standing = this.#standing.get(uid);
    if (standing?.node === node && weighsTheSame(standing.info, info)) {
      this.#nodes.get(node)?.replace(standing.info, info);
      standing.info = info;
      if (standing.assumed) this.#assumed--;
      standing.assumed = false;
      return;
    }
    this.#take(uid);
    this.#put(uid, { info, node, assumed: false });
  }

  removePod(uid: string): void {
    this.#withdrawn.delete(uid);
    this.#take(uid);
  }

  /** For a trial: as if the pod were gone. */
  withdraw(uid: string): void {
    const standing = this.#standing.get(uid);
    if (!standing) return;
    this.#withdrawn.set(uid, standing);
    this.#take(uid);
  }

  /** It stands where it did, or where it does by now. */
  putBack(uid: string): void {
    const standing = this.#withdrawn.get(uid);
    if (this.#withdrawn.delete(uid)) this.#put(uid, standing as Standing);
  }

  /** Counts the pod on the node from now on; false if it stands somewhere already. */
  assume(info: PodInfo, node: string): boolean {
    const { uid } = info.pod.metadata;
    if (this.#standing.has(uid)) return false;
    this.#put(uid, { info, node, assumed: true });
    return true;
  }

  /** The binding failed. What the watch has said meanwhile stays. */
  forget(uid: string): void {
    if (this.isAssumed(uid)) this.removePod(uid);
  }

  isAssumed(uid: string): boolean {
    return this.#known(uid)?.assumed ?? false;
  }

  /** The node that the pod stands on, by the watch or by assumption; also of one that is withdrawn. */
  nodeOf(uid: string): string | undefined {
    return this.#known(uid)?.node;
  }

  #known(uid: string): Standing | undefined {
    return this.#standing.get(uid) ?? this.#withdrawn.get(uid);
  }

  #put(uid: string, standing: Standing): void {
    this.#standing.set(uid, standing);
    if (standing.assumed) this.#assumed++;
    const nodeInfo = this.#nodeInfo(standing.node);
    nodeInfo.add(standing.info);
    this.#counters.addPod(standing.info, nodeInfo.slot, 1);
    if (standing.info.pod.spec.volumes) this.#claims.add(standing.info.pod);
  }

  #take(uid: string): void {
    const standing = this.#standing.get(uid);
    if (!standing) return;
    this.#standing.delete(uid);
    if (standing.assumed) this.#assumed--;
    const { info, node } = standing;
    const nodeInfo = this.#nodes.get(node) as MutableNodeInfo;
    nodeInfo.remove(info);
    this.#counters.addPod(info, nodeInfo.slot, -1);
    if (info.pod.spec.volumes) this.#claims.remove(info.pod);
    if (!nodeInfo.object && nodeInfo.pods.length === 0) this.#drop(nodeInfo);
  }

  #drop({ name, slot }: MutableNodeInfo): void {
    this.#nodes.delete(name);
    this.stamps.give(slot);
  }

  #nodeInfo(name: string): MutableNodeInfo {
    let info = this.#nodes.get(name);
    if (!info) {
      info = new MutableNodeInfo(name, this.stamps);
      this.#nodes.set(name, info);
    }
    return info;
  }
}

/** Nothing that is counted changed: most revisions of a pod differ in their status only. */
function weighsTheSame({ pod: a, ...old }: PodInfo, { pod: b, ...now }: PodInfo): boolean {
  return (
    a.metadata.deletionTimestamp === b.metadata.deletionTimestamp &&
    sameLabels(a.metadata.labels ?? {}, b.metadata.labels ?? {}) &&
    sameResources(old.requests, now.requests) &&
    old.nonZeroRequests.milliCpu === now.nonZeroRequests.milliCpu &&
    old.nonZeroRequests.memory === now.nonZeroRequests.memory
  );
}
