/**
 * Pods of a group get their places together: those for which there is one, if they are as many as the group needs; else none does. Each is tried
 * with those before it at their places. Where room has to be made for some, it is made only if the group gets what it needs by that, and all wait for it.
 */
import type { Placement, Waits } from "./binding-cycle.ts";
import type { Refused, Verdict } from "./pod-status.ts";
import type { QueueEntry } from "./queue/queue-entry.ts";
import type { GroupVerdict } from "./telling.ts";

/** With a place for as long as the rest of the group is tried, also where room has to be made first (it is nominated then); or refused. */
export interface GroupTry extends Refused {
  readonly entry: QueueEntry;
  readonly placement?: Placement;
  readonly waits?: Waits;
}

export interface GroupSteps {
  attempt(entry: QueueEntry): Promise<GroupTry>;
  takeBack(entry: QueueEntry, placement: Placement): void;
  bind(entry: QueueEntry, placement: Placement): void;
  refuse(entry: QueueEntry, refused: Refused): void;
  fail(entry: QueueEntry, error: unknown): void;
}

const WAITING = "pod group is waiting for preemption to complete";

export async function decideTogether(entries: readonly QueueEntry[], steps: GroupSteps): Promise<GroupVerdict> {
  const tries: GroupTry[] = [];
  const takeBack = () => {
    for (const { entry, placement } of tries.toReversed()) if (placement) steps.takeBack(entry, placement);
  };
  try {
    checkOneScheduler(entries);
    for (const entry of entries) tries.push(await steps.attempt(entry));
  } catch (error) {
    takeBack();
    for (const entry of entries) steps.fail(entry, error);
    return {
      status: "False",
      reason: "SchedulerError",
      message: error instanceof Error ? error.message : String(error),
    };
  }
  // The last that is needed waits for nobody.
  const enough = tries.some(({ waits }) => waits?.size === 0);
  if (enough && !tries.some(({ verdict }) => verdict.nominatedNode)) {
    for (const each of tries)
      if (each.placement) steps.bind(each.entry, each.placement);
      else steps.refuse(each.entry, each);
    return { status: "True", reason: "Scheduled", message: "" };
  }
  takeBack();
  const message = enough ? WAITING : reasonsOf(tries);
  const refusedBy = new Set(tries.flatMap((each) => [...each.refusedBy, ...(each.waits?.keys() ?? [])]));
  for (const { entry, placement, ...own } of tries) {
    if (!placement) steps.refuse(entry, own);
    else if (enough) {
      const verdict: Verdict = {
        ...own.verdict,
        message: own.verdict.message || message,
        nominatedNode: placement.node,
      };
      steps.refuse(entry, { ...own, refusedBy, verdict });
    } else steps.refuse(entry, { refusedBy, verdict: { ...own.verdict, message, nominatedNode: "" } });
  }
  return { status: "False", reason: "Unschedulable", message };
}

/** What those wait for that have a place. */
function reasonsOf(tries: readonly GroupTry[]): string {
  const waits = tries.flatMap((each) => [...(each.waits?.values() ?? [])]);
  return [...new Set(waits.flatMap(({ reason }) => reason ?? []))].join(", ");
}

function checkOneScheduler(entries: readonly QueueEntry[]): void {
  const names = [...new Set(entries.map(({ pod }) => JSON.stringify(pod.spec.schedulerName ?? "default-scheduler")))];
  if (names.length > 1)
    throw new Error(
      `all pods in a single pod group should have the same .spec.schedulerName set, got: ${names.slice(0, 2).join(" and ")}`,
    );
}
