/** Which pods nobody will clean up: of nodes that are no more, on their way out without ever having had one, or ended in too great a number. */
import type { Node, Pod } from "@kubets/api/generated/types/core-v1";
import { isFinished } from "@kubets/api/pod/state";

const OUT_OF_SERVICE = "node.kubernetes.io/out-of-service";

interface PodCleanup {
  /** Ended, the oldest of those above the threshold. */
  readonly terminated: readonly Pod[];
  /** Going, on nodes that are said to be out of service. */
  readonly outOfService: readonly Pod[];
  /** Going, and never had a node. */
  readonly unscheduled: readonly Pod[];
  /** On nodes that are not there. */
  readonly orphaned: readonly Pod[];
}

export function planCleanup(pods: readonly Pod[], nodes: ReadonlyMap<string, Node>, threshold: number): PodCleanup {
  return {
    terminated: threshold > 0 ? oldestAbove(pods.filter(isFinished), threshold) : [],
    outOfService: pods.filter(
      (pod) => pod.metadata.deletionTimestamp && isOutOfService(nodes.get(pod.spec.nodeName ?? "")),
    ),
    unscheduled: pods.filter(({ metadata, spec }) => metadata.deletionTimestamp && !spec.nodeName),
    orphaned: pods.filter(({ spec }) => spec.nodeName && !nodes.has(spec.nodeName)),
  };
}

function oldestAbove(finished: readonly Pod[], threshold: number): Pod[] {
  const surplus = finished.length - threshold;
  if (surplus <= 0) return [];
  const evictedFirst = (pod: Pod) => (pod.status.reason === "Evicted" ? 0 : 1);
  return finished
    .toSorted(
      (a, b) =>
        evictedFirst(a) - evictedFirst(b) ||
        a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp) ||
        a.metadata.name.localeCompare(b.metadata.name),
    )
    .slice(0, surplus);
}

function isOutOfService(node: Node | undefined): boolean {
  if (!node) return false;
  const ready = node.status.conditions?.find(({ type }) => type === "Ready")?.status === "True";
  return !ready && (node.spec.taints ?? []).some(({ key }) => key === OUT_OF_SERVICE);
}
