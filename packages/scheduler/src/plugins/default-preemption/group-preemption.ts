/**
 * Makes room for a group of pods, anywhere in the cluster: all that is less important is taken away on trial; where the group gets what it
 * needs by that, as much as possible is put back, the protected and the more important first.
 */
import { poddisruptionbudgets, podgroups } from "@kubets/api/generated/refs";
import type { PodGroup } from "@kubets/api/generated/types/scheduling-v1alpha2";
import { mayPreempt } from "@kubets/api/pod/priority";
import { myTurn, piece } from "@kubets/machinery/turns";
import { refusalWithNominated } from "../../framework/filtering.ts";
import type { GroupRoom, PlacedPod, TryGroup } from "../../framework/group-placement.ts";
import type { Handle } from "../../framework/handle.ts";
import type { MutableNodeInfo } from "../../framework/node-info.ts";
import { groupOf } from "../../framework/pod-groups.ts";
import type { PodInfo } from "../../framework/pod-info.ts";
import { budgetsOf, splitUnitsByBudgets } from "./budgets.ts";
import type { Evictions } from "./evictions.ts";
import { groupPriority, type Unit, unitsBelow } from "./group-victims.ts";
import { isLeavingForAnother } from "./leaving.ts";

export async function preemptForGroup(
  handle: Handle,
  evictions: Evictions,
  group: PodGroup,
  pods: readonly PodInfo[],
  tryAgain: TryGroup,
): Promise<GroupRoom> {
  if (pods.some(({ pod }) => !mayPreempt(pod))) return { message: "not eligible due to preemptionPolicy=Never." };
  const nominated = nominations(handle, pods);
  if (roomIsBeingMade(handle, group, nominated)) return { nodes: nominated };

  const { cluster, cache } = handle;
  const units = unitsBelow(group, cluster.nodes, (key) => cache.get(podgroups, key));
  if (units.length === 0) return { message: "No preemption victims found for incoming preemptor" };
  const found = await selectUnits(handle, units, tryAgain);
  if (!found) return { message: "pod group is unschedulable" };
  const victims = found.victims.flatMap((unit) => unit.pods);
  return {
    nodes: new Map(found.fit.map(({ info, node }) => [info.pod.metadata.uid, node])),
    begin: () =>
      evictions.beginForGroup(
        group,
        pods.map(({ pod }) => pod),
        victims,
      ),
  };
}

function nominations({ nominator }: Handle, pods: readonly PodInfo[]): Map<string, string> {
  const nodes = new Map<string, string>();
  for (const { pod } of pods) {
    const node = nominator.nodeOf(pod.metadata.uid) ?? pod.status.nominatedNodeName;
    if (node) nodes.set(pod.metadata.uid, node);
  }
  return nodes;
}

/** Pods that were made to go take their time; nobody else goes meanwhile. */
function roomIsBeingMade({ cluster, cache }: Handle, group: PodGroup, nominated: ReadonlyMap<string, string>): boolean {
  const priorityOf = ({ pod, priority }: PodInfo): number => {
    const key = groupOf(pod);
    const other = key === undefined ? undefined : cache.get(podgroups, key);
    return other ? groupPriority(other) : priority;
  };
  const nodes = [...new Set(nominated.values())].flatMap((name) => cluster.node(name) ?? []);
  return nodes.some(({ pods }) =>
    pods.some((info) => isLeavingForAnother(info.pod) && priorityOf(info) < groupPriority(group)),
  );
}

/** Those that have to go, with the places that the group would have then. The cluster is as before when it returns. */
async function selectUnits(
  handle: Handle,
  units: readonly Unit[],
  tryAgain: TryGroup,
): Promise<{ readonly victims: readonly Unit[]; readonly fit: readonly PlacedPod[] } | undefined> {
  const { cluster, cache } = handle;
  const withdraw = ({ pods }: Unit) => {
    for (const { pod } of pods) cluster.withdraw(pod.metadata.uid);
  };
  const putBack = ({ pods }: Unit) => {
    for (const { pod } of pods) cluster.putBack(pod.metadata.uid);
  };
  const gone = new Set(units);
  try {
    for (const unit of units) withdraw(unit);
    const first = await tryAgain();
    if (!first) return undefined;
    let fit = first;
    const { violating, free } = splitUnitsByBudgets(units, budgetsOf(cache.list(poddisruptionbudgets)));
    let isOver = piece();
    for (const unit of [...violating, ...free]) {
      if (isOver()) {
        await myTurn();
        isOver = piece();
      }
      putBack(unit);
      const without: typeof fit | undefined = stillFits(handle, fit, unit) ? fit : await tryAgain();
      if (without) {
        fit = without;
        gone.delete(unit);
      } else withdraw(unit);
    }
    return { victims: units.filter((unit) => gone.has(unit)), fit };
  } finally {
    for (const unit of gone) putBack(unit);
  }
}

/** The places that were found are there also with the unit, as far as single nodes can tell. */
function stillFits({ cluster, nominator }: Handle, fit: readonly PlacedPod[], { nodes, pods }: Unit): boolean {
  if (!fit.every(({ isLocal }) => isLocal) || pods.some(({ antiAffinity }) => antiAffinity.length)) return false;
  const crowded = new Map<string, MutableNodeInfo>();
  for (const { info, node, state } of fit) {
    if (!nodes.has(node)) continue;
    const trial = crowded.get(node) ?? cluster.node(node)?.clone();
    if (!trial || refusalWithNominated(info, trial, state, nominator)) return false;
    trial.add(info);
    crowded.set(node, trial);
  }
  return true;
}
