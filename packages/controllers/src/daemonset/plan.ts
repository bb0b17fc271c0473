/** Which daemons to make and to end: one on each node that fits, and a rolling update within surge and unavailable. Pure. */
import type { DaemonSet } from "@kubets/api/generated/types/apps-v1";
import type { Node, Pod } from "@kubets/api/generated/types/core-v1";
import { isAvailable, isTerminating } from "@kubets/api/pod/state";
import { scaledValue } from "@kubets/machinery";
import { type Fit, nodeOfPod } from "./node-fit.ts";

export interface DaemonPlan {
  /** Names of nodes. */
  readonly create: readonly string[];
  readonly remove: readonly Pod[];
  /** Pods that ended by themselves: they are ended for good, and told of. */
  readonly failed: readonly Pod[];
}

export interface PlanInput {
  readonly set: DaemonSet;
  readonly nodes: readonly Node[];
  readonly fits: ReadonlyMap<string, Fit>;
  readonly byNode: ReadonlyMap<string, readonly Pod[]>;
  isUpdated(pod: Pod): boolean;
  readonly now: number;
}

export const podsByNode = (pods: readonly Pod[]): Map<string, Pod[]> => Map.groupBy(pods, nodeOfPod);

export function planDaemons(input: PlanInput): DaemonPlan {
  const create: string[] = [];
  const remove: Pod[] = [];
  const failed: Pod[] = [];
  for (const { metadata } of input.nodes) {
    const here = input.byNode.get(metadata.name) ?? [];
    const { shouldRun, mayStay } = input.fits.get(metadata.name) ?? { shouldRun: false, mayStay: false };
    if (shouldRun && here.length === 0) create.push(metadata.name);
    else if (mayStay) settleNode(input, here, remove, failed);
    else if (here.length > 0) remove.push(...here.filter((pod) => !isTerminating(pod)));
  }
  // Of nodes that are gone, those that were not bound yet have nobody to end them.
  for (const [name, here] of input.byNode)
    if (!input.fits.has(name)) remove.push(...here.filter((pod) => !pod.spec.nodeName && !isTerminating(pod)));
  return { create, remove, failed };
}

function settleNode({ set, isUpdated, now }: PlanInput, here: readonly Pod[], remove: Pod[], failed: Pod[]): void {
  const running: Pod[] = [];
  for (const pod of here) {
    if (isTerminating(pod)) continue;
    if (pod.status.phase === "Failed" || pod.status.phase === "Succeeded") {
      remove.push(pod);
      failed.push(pod);
    } else running.push(pod);
  }
  const surge = limitsOf(set, 1).surge > 0;
  if (!surge) {
    remove.push(...running.toSorted(byAge).slice(1));
    return;
  }
  // With surge an old and a new one may be here, until the new one is available.
  const [updated, old] = [
    running.filter(isUpdated).toSorted(byAge),
    running.filter((pod) => !isUpdated(pod)).toSorted(byAge),
  ];
  remove.push(...updated.slice(1), ...old.slice(1));
  if (updated[0] && old[0] && isAvailable(updated[0], set.spec.minReadySeconds ?? 0, now)) remove.push(old[0]);
}

const byAge = (a: Pod, b: Pod): number =>
  Number(Boolean(b.spec.nodeName)) - Number(Boolean(a.spec.nodeName)) ||
  a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp) ||
  a.metadata.name.localeCompare(b.metadata.name);

/** How many nodes may be without a daemon, and how many may have two. */
export function limitsOf({ spec }: DaemonSet, desired: number): { surge: number; unavailable: number } {
  const { type = "RollingUpdate", rollingUpdate } = spec.updateStrategy;
  if (type !== "RollingUpdate") return { surge: 0, unavailable: 0 };
  const surge = scaledValue((rollingUpdate?.maxSurge ?? 0) as number | string, desired, "up");
  const unavailable = scaledValue((rollingUpdate?.maxUnavailable ?? 1) as number | string, desired, "up");
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

/** The next part of a rolling update; only once every node has what it should have. */
export function planUpdate(input: PlanInput): Pick<DaemonPlan, "create" | "remove"> {
  const { set, nodes, fits, byNode, isUpdated, now } = input;
  if (set.spec.updateStrategy.type === "OnDelete") return { create: [], remove: [] };
  const available = (pod: Pod | undefined) => pod !== undefined && isAvailable(pod, set.spec.minReadySeconds ?? 0, now);
  const wanted = nodes.map(({ metadata }) => metadata.name).filter((name) => fits.get(name)?.shouldRun);
  const { surge, unavailable: allowed } = limitsOf(set, wanted.length);
  const create: string[] = [];
  const harmless: Pod[] = [];
  const candidates: Pod[] = [];
  let unavailable = 0;
  let surging = 0;
  for (const name of wanted) {
    const here = (byNode.get(name) ?? []).filter((pod) => !isTerminating(pod));
    const [updated, old] = [here.find(isUpdated), here.find((pod) => !isUpdated(pod))];
    if (!available(updated) && !available(old)) unavailable++;
    if (updated && old) surging++;
    if (!old || updated) continue;
    if (surge > 0) {
      if (!available(old)) create.push(name);
      else candidates.push(old);
    } else if (!available(old)) harmless.push(old);
    else candidates.push(old);
  }
  if (surge > 0)
    return { create: [...create, ...candidates.map(nodeOfPod)].slice(0, Math.max(0, surge - surging)), remove: [] };
  return { create: [], remove: [...harmless, ...candidates.slice(0, Math.max(0, allowed - unavailable))] };
}
