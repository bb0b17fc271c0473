/**
 * Brings changes of the cluster to the scheduler: what stands on nodes to the cluster state, what waits to the queue, and to the queue
 * also each change that may let a waiting pod run.
 */
import {
  csidrivers,
  csinodes,
  csistoragecapacities,
  deviceclasses,
  devicetaintrules,
  namespaces,
  nodes,
  persistentvolumeclaims,
  persistentvolumes,
  podgroups,
  pods,
  resourceclaims,
  resourceslices,
  storageclasses,
  volumeattachments,
} from "@kubets/api/generated/refs";
import type { Namespace, Node, Pod } from "@kubets/api/generated/types/core-v1";
import type { KubeObject } from "@kubets/api/meta";
import { isFinished } from "@kubets/api/pod/state";
import type { ResourceRef } from "@kubets/api/resource-ref";
import type { Cache } from "@kubets/client/controller";
import type { InformerHandler } from "@kubets/client/informer";
import { deepEqual } from "@kubets/machinery/deep-equal";
import type { SchedulerGates } from "./feature-gates.ts";
import { sameLabels } from "./framework/affinity-term.ts";
import type { ClusterState } from "./framework/cluster-state.ts";
import type { ClusterEvent } from "./framework/events.ts";
import type { Nominator } from "./framework/nominator.ts";
import { groupOf, type PodGroups } from "./framework/pod-groups.ts";
import { podInfo } from "./framework/pod-info.ts";
import { hasLess } from "./framework/resources.ts";
import type { SchedulingQueue } from "./queue/scheduling-queue.ts";

export interface Watched {
  readonly cache: Cache;
  readonly cluster: ClusterState;
  readonly queue: SchedulingQueue;
  readonly nominator: Nominator;
  readonly groups: PodGroups;
  /** Whether a pod asks for one of our profiles. */
  isOurs(pod: Pod): boolean;
  rejectWaiting(uid: string, plugin: string, reason: string): boolean;
  readonly featureGates: SchedulerGates;
  readonly metrics: { now(): number; handled(event: string, ms: number): void };
}

interface Told {
  readonly ref: ResourceRef;
  readonly add?: ClusterEvent;
  readonly update?: ClusterEvent;
  readonly delete?: ClusterEvent;
}

/** Resources of which nothing is kept, but whose changes may matter to waiting pods. */
const TOLD: readonly Told[] = [
  { ref: persistentvolumeclaims, add: "pvc/add", update: "pvc/update", delete: "pvc/delete" },
  { ref: persistentvolumes, add: "pv/add", update: "pv/update" },
  { ref: storageclasses, add: "storageclass/add", update: "storageclass/update" },
  { ref: csinodes, add: "csinode/add", update: "csinode/update" },
  { ref: csidrivers, add: "csidriver/add", update: "csidriver/update" },
  { ref: csistoragecapacities, add: "csistoragecapacity/add", update: "csistoragecapacity/update" },
  { ref: volumeattachments, delete: "volumeattachment/delete" },
  { ref: resourceclaims, add: "resourceclaim/add", update: "resourceclaim/update" },
  { ref: resourceslices, add: "resourceslice/add", update: "resourceslice/update" },
  { ref: deviceclasses, add: "deviceclass/add", update: "deviceclass/update" },
];

/** A rule changes what slices say of their devices. */
const RULES: Told = {
  ref: devicetaintrules,
  add: "resourceslice/update",
  update: "resourceslice/update",
  delete: "resourceslice/update",
};

const GROUPS: Told = { ref: podgroups, add: "podgroup/add" };

/** Subscribes to everything, nodes first; gives the way to stop. */
export function handleEvents(watched: Watched): () => void {
  const { cache, queue, featureGates } = watched;
  const told = [
    ...TOLD,
    ...(featureGates.enabled("DRADeviceTaintRules") ? [RULES] : []),
    ...(featureGates.enabled("GenericWorkload") ? [GROUPS] : []),
  ];
  const subscriptions = [
    cache.informer(nodes).subscribe(timed(watched, () => "Node", nodeHandler(watched))),
    cache.informer(namespaces).subscribe(timed(watched, () => "Namespace", namespaceHandler(watched))),
    cache.informer(pods).subscribe(timed(watched, podKind, podHandler(watched))),
    ...told.map(({ ref, ...events }) =>
      cache.informer(ref).subscribe(
        timed(watched, () => (ref.group ? `${ref.group}/${ref.kind}` : ref.kind), {
          added: (object: KubeObject) => events.add && queue.moveAll(events.add, undefined, object),
          changed: (object, old) => events.update && queue.moveAll(events.update, old, object),
          deleted: (object) => events.delete && queue.moveAll(events.delete, object, undefined),
        }),
      ),
    ),
  ];
  return () => {
    for (const subscription of subscriptions) subscription.stop();
  };
}

const podKind = ({ spec }: Pod) => (spec.nodeName ? "AssignedPod" : "UnschedulablePod");

/** The handler, whose time is told by the kind of the object and what happened to it. */
function timed<T extends KubeObject>(
  { metrics }: Watched,
  kindOf: (object: T) => string,
  { added, changed, deleted }: InformerHandler<T>,
): InformerHandler<T> {
  const told = (object: T, action: string, handle: () => void) => {
    const began = metrics.now();
    handle();
    metrics.handled(kindOf(object) + action, metrics.now() - began);
  };
  return {
    added: (object) => told(object, "Add", () => added?.(object)),
    changed: (object, old) => told(object, "Update", () => changed?.(object, old)),
    deleted: (object) => told(object, "Delete", () => deleted?.(object)),
  };
}

function nodeHandler({ cluster, queue }: Watched): InformerHandler<Node> {
  return {
    added(node) {
      cluster.setNode(node);
      queue.moveAll("node/add", undefined, node);
    },
    changed(node, old) {
      cluster.setNode(node);
      for (const event of nodeEvents(old, node)) queue.moveAll(event, old, node);
    },
    deleted(node) {
      cluster.removeNode(node.metadata.name);
      queue.moveAll("node/delete", node, undefined);
    },
  };
}

export function nodeEvents(old: Node, node: Node): ClusterEvent[] {
  const events: ClusterEvent[] = [];
  if (!deepEqual(old.status.allocatable, node.status.allocatable)) events.push("node/allocatable");
  if (!sameLabels(old.metadata.labels ?? {}, node.metadata.labels ?? {})) events.push("node/labels");
  if (old.spec.unschedulable !== node.spec.unschedulable || !deepEqual(old.spec.taints, node.spec.taints))
    events.push("node/taints");
  const states = ({ status }: Node) => (status.conditions ?? []).map(({ type, status: is }) => `${type}=${is}`);
  if (!deepEqual(states(old), states(node))) events.push("node/conditions");
  if (!deepEqual(old.status.declaredFeatures, node.status.declaredFeatures)) events.push("node/features");
  return events;
}

function namespaceHandler({ cluster, queue }: Watched): InformerHandler<Namespace> {
  return {
    added: ({ metadata }) => cluster.setNamespace(metadata.name, metadata.labels ?? {}),
    changed(namespace, old) {
      const labels = namespace.metadata.labels ?? {};
      if (sameLabels(labels, old.metadata.labels ?? {})) return;
      cluster.setNamespace(namespace.metadata.name, labels);
      queue.moveAll("namespace/update", old, namespace);
    },
    deleted: ({ metadata }) => cluster.setNamespace(metadata.name, undefined),
  };
}

type Place = "node" | "queue" | "none";

function podHandler(watched: Watched): InformerHandler<Pod> {
  const placeOf = (pod: Pod): Place => {
    if (isFinished(pod)) return "none";
    if (pod.spec.nodeName) return "node";
    return watched.isOurs(pod) ? "queue" : "none";
  };
  return {
    added(pod) {
      const place = placeOf(pod);
      if (place !== "none") watched.groups.add(pod);
      enter(watched, place, pod);
    },
    changed(pod, old) {
      const [before, now] = [placeOf(old), placeOf(pod)];
      if (now === "none") watched.groups.delete(pod);
      if (before === now) change(watched, now, pod, old);
      else {
        // The place on the node is taken over from the assumption, not given up and taken again.
        if (now === "node") leaveQueue(watched, pod);
        else leave(watched, before, old);
        enter(watched, now, pod);
      }
    },
    deleted(pod) {
      watched.groups.delete(pod);
      leave(watched, placeOf(pod), pod);
    },
  };
}

function enter({ cluster, queue, nominator }: Watched, place: Place, pod: Pod): void {
  if (place === "node") {
    cluster.setPod(pod);
    queue.moveAll("pod/bound-add", undefined, pod);
  } else if (place === "queue" && !cluster.isAssumed(pod.metadata.uid)) {
    const { nominatedNodeName } = pod.status;
    if (nominatedNodeName) nominator.set(podInfo(pod), nominatedNodeName);
    queue.add(pod);
    if (groupOf(pod) !== undefined) queue.moveAll("pod/unbound-add", undefined, pod);
  }
}

function change(watched: Watched, place: Place, pod: Pod, old: Pod): void {
  const { cluster, queue } = watched;
  if (place === "node") {
    cluster.setPod(pod);
    if (makesRoom(pod, old)) queue.moveAll("pod/bound-update", old, pod);
  } else if (place === "queue" && !cluster.isAssumed(pod.metadata.uid)) {
    renominate(watched, pod, old);
    queue.update(
      pod,
      old,
      !deepEqual(old.spec, pod.spec) ||
        !deepEqual(old.metadata.labels, pod.metadata.labels) ||
        !deepEqual(old.status.resourceClaimStatuses, pod.status.resourceClaimStatuses),
    );
  }
}

function leave(watched: Watched, place: Place, pod: Pod): void {
  const { cluster, queue } = watched;
  const { uid } = pod.metadata;
  leaveQueue(watched, pod);
  watched.rejectWaiting(uid, "", "the pod is gone");
  if (place === "none" && cluster.nodeOf(uid) === undefined) return;
  const stood = cluster.nodeOf(uid) !== undefined;
  cluster.removePod(uid);
  if (stood) queue.moveAll("pod/bound-delete", pod, undefined);
}

function leaveQueue({ queue, nominator }: Watched, { metadata, spec }: Pod): void {
  queue.delete(metadata.uid);
  nominator.delete(metadata.uid, spec.nodeName);
}

/** What another wrote into the status counts; what we decided and the status does not say yet stays. */
function renominate({ nominator }: Watched, pod: Pod, old: Pod): void {
  const [before, now] = [old.status.nominatedNodeName, pod.status.nominatedNodeName];
  const info = podInfo(pod);
  const { uid } = pod.metadata;
  const kept = nominator.nodeOf(uid);
  if (now && now !== before) nominator.set(info, now);
  else if (before && !now && kept === before) nominator.delete(uid);
  else if (kept) nominator.set(info, kept);
}

const makesRoom = (pod: Pod, old: Pod): boolean =>
  pod.metadata.deletionTimestamp !== old.metadata.deletionTimestamp ||
  !sameLabels(pod.metadata.labels ?? {}, old.metadata.labels ?? {}) ||
  hasLess(podInfo(pod).requests, podInfo(old).requests);
