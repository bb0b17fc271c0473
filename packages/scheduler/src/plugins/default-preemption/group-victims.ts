/** Who might have to go for a group of pods: single pods, and groups whose pods go together or not at all. The most important stand first. */
import type { PodGroup } from "@kubets/api/generated/types/scheduling-v1alpha2";
import { groupOf } from "../../framework/pod-groups.ts";
import type { PodInfo } from "../../framework/pod-info.ts";
import type { NodeInfo } from "../../framework/snapshot.ts";
import { startOf } from "./candidate.ts";

export interface Unit {
  readonly priority: number;
  readonly pods: readonly PodInfo[];
  readonly nodes: ReadonlySet<string>;
}

type GroupOfKey = (key: string) => PodGroup | undefined;

/** A group without a priority was made when no class was the default one. */
export const groupPriority = ({ spec }: PodGroup): number => spec.priority ?? 0;

/** Of lower priority than the group, and none of its own pods. */
export function unitsBelow(group: PodGroup, nodes: readonly NodeInfo[], groupOfKey: GroupOfKey): Unit[] {
  const own = `${group.metadata.namespace}/${group.metadata.name}`;
  const together = new Map<PodGroup, { pods: PodInfo[]; nodes: Set<string> }>();
  const units: Unit[] = [];
  for (const { name, pods } of nodes)
    for (const info of pods) {
      const key = groupOf(info.pod);
      if (key === own) continue;
      const other = key === undefined ? undefined : groupOfKey(key);
      if (other?.spec.disruptionMode !== "PodGroup") {
        units.push({ priority: info.priority, pods: [info], nodes: new Set([name]) });
        continue;
      }
      const known = together.get(other) ?? { pods: [], nodes: new Set() };
      known.pods.push(info);
      together.set(other, { ...known, nodes: known.nodes.add(name) });
    }
  for (const [other, unit] of together) units.push({ priority: groupPriority(other), ...unit });
  const limit = groupPriority(group);
  return units.filter(({ priority }) => priority < limit).sort(byImportance);
}

/** By priority; groups before single pods, larger groups first; then by who has run for longer. */
function byImportance(a: Unit, b: Unit): number {
  const grouped = ({ pods: [first] }: Unit) => Number(first?.pod.spec.schedulingGroup !== undefined);
  return (
    b.priority - a.priority ||
    grouped(b) - grouped(a) ||
    b.pods.length - a.pods.length ||
    Math.min(...a.pods.map(startOf)) - Math.min(...b.pods.map(startOf))
  );
}
