/** The conditions of a namespace that is going: what could not be found out, what could not be deleted, what remains and why. */
import type { Namespace, NamespaceCondition, NamespaceStatus } from "@kubets/api/generated/types/core-v1";
import { formatTime } from "@kubets/machinery";
import { conditionOf } from "../conditions.ts";

export interface Progress {
  /** What failed in asking what there is. */
  readonly discoveryFailures: readonly string[];
  readonly deletionFailures: readonly string[];
  /** "configmaps." -> 3: objects left, by resource and group. */
  readonly remaining: ReadonlyMap<string, number>;
  /** How many objects are held by each finalizer. */
  readonly finalizers: ReadonlyMap<string, number>;
}

export function namespaceStatus(namespace: Namespace, progress: Progress, now: number): NamespaceStatus {
  const told = conditionsOf(progress);
  const others = (namespace.status.conditions ?? []).filter(
    ({ type }) => !told.some((condition) => condition.type === type),
  );
  return { ...namespace.status, conditions: [...others, ...told.map((condition) => dated(condition, namespace, now))] };
}

type Told = Omit<NamespaceCondition, "lastTransitionTime">;

function conditionsOf({ discoveryFailures, deletionFailures, remaining, finalizers }: Progress): Told[] {
  const failed = (errors: readonly string[]) => errors.join(", ");
  const listOf = (counts: ReadonlyMap<string, number>, word: string) =>
    [...counts]
      .map(([name, count]) => `${name} ${word} ${count} resource instances`)
      .toSorted()
      .join(", ");
  return [
    discoveryFailures.length
      ? say(
          "NamespaceDeletionDiscoveryFailure",
          true,
          "DiscoveryFailed",
          `Discovery failed for some groups, ${discoveryFailures.length} failing: ${failed(discoveryFailures)}`,
        )
      : say("NamespaceDeletionDiscoveryFailure", false, "ResourcesDiscovered", "All resources successfully discovered"),
    say(
      "NamespaceDeletionGroupVersionParsingFailure",
      false,
      "ParsedGroupVersions",
      "All legacy kube types successfully parsed",
    ),
    deletionFailures.length
      ? say(
          "NamespaceDeletionContentFailure",
          true,
          "ContentDeletionFailed",
          `Failed to delete all resource types, ${deletionFailures.length} remaining: ${failed(deletionFailures)}`,
        )
      : say(
          "NamespaceDeletionContentFailure",
          false,
          "ContentDeleted",
          "All content successfully deleted, may be waiting on finalization",
        ),
    remaining.size
      ? say(
          "NamespaceContentRemaining",
          true,
          "SomeResourcesRemain",
          `Some resources are remaining: ${listOf(remaining, "has")}`,
        )
      : say("NamespaceContentRemaining", false, "ContentRemoved", "All content successfully removed"),
    finalizers.size
      ? say(
          "NamespaceFinalizersRemaining",
          true,
          "SomeFinalizersRemain",
          `Some content in the namespace has finalizers remaining: ${listOf(finalizers, "in")}`,
        )
      : say(
          "NamespaceFinalizersRemaining",
          false,
          "ContentHasNoFinalizers",
          "All content-preserving finalizers finished",
        ),
  ];
}

const say = (type: string, status: boolean, reason: string, message: string): Told => ({
  type,
  status: status ? "True" : "False",
  reason,
  message,
});

function dated(condition: Told, { status }: Namespace, now: number): NamespaceCondition {
  const before = conditionOf(status.conditions, condition.type);
  const lastTransitionTime = before?.status === condition.status ? before.lastTransitionTime : formatTime(now);
  return { ...condition, lastTransitionTime };
}
