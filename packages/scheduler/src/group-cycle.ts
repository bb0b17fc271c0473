/**
 * Pods of a group get their places together: those for which there is one, if they are as many as the group needs; else none does. Each is tried
 * with those before it at their places, in each placement that the group may have; the best one is taken. Where room has to be made for some,
 * it is made only if the group gets what it needs by that, and all wait for it.
 */
import { myTurn, piece } from "@kubets/machinery/turns";
import type { Placement, Waits } from "./binding-cycle.ts";
import type { Decision } from "./framework/cycle.ts";
import { activeFilters } from "./framework/filtering.ts";
import type { GroupFit, GroupPlacement, GroupRoom, PlacedPod, TryGroup } from "./framework/group-placement.ts";
import type { GroupResult } from "./metrics.ts";
import { type Refused, unschedulable } from "./pod-status.ts";
import type { QueueEntry } from "./queue/queue-entry.ts";
import type { GroupVerdict } from "./telling.ts";

/** With a place for as long as the rest of the group is tried, also where room has to be made first (it is nominated then); or refused. */
export interface GroupTry extends Refused {
  readonly entry: QueueEntry;
  readonly placement?: Placement;
  readonly waits?: Waits;
  readonly decision?: Decision;
}

export interface GroupSteps {
  /** Where the group may stand; undefined: anywhere. */
  placements(): readonly GroupPlacement[] | undefined;
  /** The index of the best of several. */
  choose(fits: readonly GroupFit[]): number;
  /** `trial`: nothing is told of it, and no room is made for the pod alone. */
  attempt(entry: QueueEntry, within: GroupPlacement | undefined, trial: boolean): Promise<GroupTry>;
  takeBack(entry: QueueEntry, placement: Placement): void;
  /** Takes its place again, if it had one. */
  retake(each: GroupTry): GroupTry;
  /** The plugins that give placements: what they wait for may give others. */
  readonly generators: ReadonlySet<string>;
  makeRoom(tryAgain: TryGroup): Promise<GroupRoom | undefined>;
  decided(): void;
  bind(entry: QueueEntry, placement: Placement): void;
  refuse(entry: QueueEntry, refused: Refused): void;
  fail(entry: QueueEntry, error: unknown): void;
}

export interface GroupDecision {
  readonly result: GroupResult;
  readonly verdict: GroupVerdict;
}

/** What came of a try of the whole group. Its places are taken where there are enough of them. */
interface Outcome {
  readonly tries: readonly GroupTry[];
  readonly enough: boolean;
  readonly needsRoom: boolean;
  /** Why it is not enough. */
  readonly message: string;
}

const UNSCHEDULABLE = "pod group is unschedulable";
const WAITING = `${UNSCHEDULABLE}, pod group is waiting for preemption to complete`;

export async function decideTogether(entries: readonly QueueEntry[], steps: GroupSteps): Promise<GroupDecision> {
  let outcome: Outcome;
  let room: GroupRoom | undefined;
  try {
    checkOneScheduler(entries);
    outcome = await decide(entries, steps, false);
    steps.decided();
    if (outcome.enough && !outcome.needsRoom) return scheduled(outcome.tries, steps);
    if (outcome.enough) takeBack(outcome.tries, steps);
    else room = await steps.makeRoom(() => tryAgain(entries, steps));
  } catch (error) {
    for (const entry of entries) steps.fail(entry, error);
    const message = error instanceof Error ? error.message : String(error);
    return { result: "error", verdict: { status: "False", reason: "SchedulerError", message } };
  }
  return outcome.enough || (room && "nodes" in room)
    ? waiting(outcome.tries, room, steps)
    : refused(outcome, room?.message, steps);
}

function scheduled(tries: readonly GroupTry[], steps: GroupSteps): GroupDecision {
  for (const each of tries)
    if (each.placement) steps.bind(each.entry, each.placement);
    else steps.refuse(each.entry, each);
  return { result: "scheduled", verdict: { status: "True", reason: "Scheduled", message: "" } };
}

/** All are nominated before room is made. */
function waiting(tries: readonly GroupTry[], room: GroupRoom | undefined, steps: GroupSteps): GroupDecision {
  const made = room && "nodes" in room ? room : undefined;
  const refusedBy = allRefusing(tries);
  for (const [i, { entry, placement, verdict, begin }] of tries.entries()) {
    const nominatedNode = made ? made.nodes.get(entry.uid) : placement?.node;
    steps.refuse(entry, {
      begin: made && i === tries.length - 1 ? made.begin : begin,
      refusedBy,
      verdict: { ...verdict, message: verdict.message || WAITING, nominatedNode },
    });
  }
  return { result: "waiting_on_preemption", verdict: unscheduled(WAITING) };
}

function refused({ tries, message }: Outcome, more: string | undefined, steps: GroupSteps): GroupDecision {
  const refusedBy = allRefusing(tries);
  for (const each of tries) {
    const { entry, placement, waits, verdict } = each;
    const own = { ...verdict, message: [UNSCHEDULABLE, ...reasonsOf(waits)].join(", "), nominatedNode: "" };
    steps.refuse(entry, placement ? { refusedBy, verdict: own } : each);
  }
  return { result: "unschedulable", verdict: unscheduled(more ? `${message}, ${more}` : message) };
}

const unscheduled = (message: string): GroupVerdict => ({ status: "False", reason: "Unschedulable", message });

async function decide(entries: readonly QueueEntry[], steps: GroupSteps, trial: boolean): Promise<Outcome> {
  const placements = steps.placements();
  const outcomes: Outcome[] = [];
  for (const placement of placements ?? [undefined]) {
    const outcome = outcomeOf(await inTurn(entries, (entry) => steps.attempt(entry, placement, trial), steps));
    if (outcome.enough && (placements?.length ?? 1) === 1) return outcome;
    takeBack(outcome.tries, steps);
    if (!placements) return outcome;
    outcomes.push(outcome);
  }
  const fits = outcomes.flatMap(({ tries, enough }, i) =>
    enough ? [{ tries, placement: placements?.[i] as GroupPlacement, pods: placedPods(tries) }] : [],
  );
  const best = fits[fits.length > 1 ? steps.choose(fits) : 0];
  return best
    ? outcomeOf(await inTurn(best.tries, (each) => steps.retake(each), steps))
    : nowhere(entries, outcomes, steps);
}

/** Takes one place after the other, in pieces where that takes long; when something goes wrong none is kept. */
async function inTurn<T>(
  list: readonly T[],
  take: (each: T) => GroupTry | Promise<GroupTry>,
  steps: GroupSteps,
): Promise<GroupTry[]> {
  const tries: GroupTry[] = [];
  let isOver = piece();
  try {
    for (const each of list) {
      if (isOver()) {
        await myTurn();
        isOver = piece();
      }
      tries.push(await take(each));
    }
  } catch (error) {
    takeBack(tries, steps);
    throw error;
  }
  return tries;
}

const outcomeOf = (tries: readonly GroupTry[]): Outcome => ({
  tries,
  // The last that is needed waits for nobody.
  enough: tries.some(({ waits }) => waits?.size === 0),
  needsRoom: tries.some(({ verdict }) => verdict.nominatedNode),
  message: UNSCHEDULABLE,
});

/** What is told is what was found in the first placement; a change that helps in any of them is worth another try. */
function nowhere(entries: readonly QueueEntry[], outcomes: readonly Outcome[], { generators }: GroupSteps): Outcome {
  const [first] = outcomes;
  const none = `0/${outcomes.length} placements are available`;
  const message = first ? `${none}, first placement status: ${first.message}` : none;
  const all = new Set([...generators, ...outcomes.flatMap(({ tries }) => [...allRefusing(tries)])]);
  const tries = first?.tries ?? entries.map((entry) => ({ entry, ...unschedulable(all, message) }));
  return { tries: tries.map((each) => ({ ...each, refusedBy: all })), enough: false, needsRoom: false, message };
}

async function tryAgain(entries: readonly QueueEntry[], steps: GroupSteps): Promise<readonly PlacedPod[] | undefined> {
  const { tries, enough } = await decide(entries, steps, true);
  if (!enough) return undefined;
  takeBack(tries, steps);
  return placedPods(tries);
}

const placedPods = (tries: readonly GroupTry[]): PlacedPod[] =>
  tries.flatMap(({ placement }) => {
    if (!placement) return [];
    const { info, node, state } = placement;
    return { info, node, state, isLocal: activeFilters(state).filters.every(({ dependsOn }) => dependsOn) };
  });

function takeBack(tries: readonly GroupTry[], steps: GroupSteps): void {
  for (const { entry, placement } of tries.toReversed()) if (placement) steps.takeBack(entry, placement);
}

const allRefusing = (tries: readonly GroupTry[]): Set<string> =>
  new Set(tries.flatMap(({ refusedBy, waits }) => [...refusedBy, ...(waits?.keys() ?? [])]));

/** What one waits for that has a place. */
const reasonsOf = (waits: Waits = new Map()): string[] => [...waits.values()].flatMap(({ reason }) => reason ?? []);

function checkOneScheduler(entries: readonly QueueEntry[]): void {
  const names = [...new Set(entries.map(({ pod }) => JSON.stringify(pod.spec.schedulerName ?? "default-scheduler")))];
  if (names.length > 1)
    throw new Error(
      `all pods in a single pod group should have the same .spec.schedulerName set, got: ${names.slice(0, 2).join(" and ")}`,
    );
}
