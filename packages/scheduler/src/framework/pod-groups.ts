/** The pods of each PodGroup that have not ended, those that stand on nodes among them. */
import type { Pod } from "@kubets/api/generated/types/core-v1";

export class PodGroups {
  readonly #groups = new Map<string, Set<string>>();

  /** The uids of the pods of a group, "namespace/name". */
  of(group: string): ReadonlySet<string> {
    return this.#groups.get(group) ?? NONE;
  }

  add(pod: Pod): void {
    const group = groupOf(pod);
    if (group === undefined) return;
    const members = this.#groups.get(group);
    if (members) members.add(pod.metadata.uid);
    else this.#groups.set(group, new Set([pod.metadata.uid]));
  }

  delete(pod: Pod): void {
    const group = groupOf(pod);
    const members = group === undefined ? undefined : this.#groups.get(group);
    if (members?.delete(pod.metadata.uid) && members.size === 0) this.#groups.delete(group as string);
  }
}

const NONE: ReadonlySet<string> = new Set();

/** "namespace/name" of the pod's group, if it has one. */
export function groupOf({ metadata, spec }: Pod): string | undefined {
  const name = spec.schedulingGroup?.podGroupName;
  return name === undefined ? undefined : `${metadata.namespace}/${name}`;
}
