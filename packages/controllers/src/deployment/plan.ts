/**
 * The sizes that a Deployment's ReplicaSets get next: a step of a rolling update, of a recreation, or a scaling in proportion.
 * Holds: what a step of a rolling update takes away leaves as many pods available as there must be, and what it adds stays within the surge.
 */
import type { Deployment, ReplicaSet } from "@kubets/api/generated/types/apps-v1";
import { desiredOf, maxOf, revisionOf } from "./annotations.ts";
import {
  byAge,
  compareText,
  isRolling,
  maxSurge,
  maxUnavailable,
  newSize,
  sumAvailable,
  sumWanted,
  wantedOf,
} from "./replica-counts.ts";

/** A ReplicaSet is to have this many; also told when that is what it has but its annotations are old. */
export interface Sizing {
  readonly set: ReplicaSet;
  readonly replicas: number;
}

/** Up first; down only when there is nothing to add. Nothing when the rollout waits, or is done. */
export function rollingStep(deployment: Deployment, current: ReplicaSet, old: readonly ReplicaSet[]): Sizing[] {
  const up = sizeOfNew(deployment, current, old);
  return up ? [up] : shrinkOld(deployment, current, old);
}

function sizeOfNew(deployment: Deployment, current: ReplicaSet, old: readonly ReplicaSet[]): Sizing | undefined {
  const [wanted, present] = [wantedOf(deployment), wantedOf(current)];
  if (present === wanted) return undefined;
  const replicas = present > wanted ? wanted : newSize(deployment, [...old, current], present);
  return replicas === present ? undefined : { set: current, replicas };
}

function shrinkOld(deployment: Deployment, current: ReplicaSet, old: readonly ReplicaSet[]): Sizing[] {
  if (sumWanted(old) === 0) return [];
  const mustBeAvailable = wantedOf(deployment) - maxUnavailable(deployment);
  const unavailableNew = wantedOf(current) - (current.status.availableReplicas ?? 0);
  const mayGo = sumWanted(old) + wantedOf(current) - mustBeAvailable - unavailableNew;
  if (mayGo <= 0) return [];

  const sizes = new Map(old.toSorted(byAge).map((set) => [set, wantedOf(set)]));
  takeFrom(sizes, mayGo, (set, size) => size - Math.min(size, set.status.availableReplicas ?? 0));
  const surplus = sumAvailable([...old, current]) - mustBeAvailable;
  takeFrom(sizes, surplus, (_, size) => size);
  return [...sizes].filter(([set, size]) => size !== wantedOf(set)).map(([set, replicas]) => ({ set, replicas }));
}

/** Takes up to `count` in order, from each as many as it says can go. */
function takeFrom(
  sizes: Map<ReplicaSet, number>,
  count: number,
  canGo: (set: ReplicaSet, size: number) => number,
): void {
  let left = count;
  for (const [set, size] of sizes) {
    if (left <= 0) return;
    const taken = Math.min(left, canGo(set, size));
    sizes.set(set, size - taken);
    left -= taken;
  }
}

export const shrinkAll = (old: readonly ReplicaSet[]): Sizing[] =>
  old.filter((set) => wantedOf(set) > 0).map((set) => ({ set, replicas: 0 }));

/** Whether the Deployment was scaled since its ReplicaSets were last sized. */
export const wasScaled = (deployment: Deployment, sets: readonly ReplicaSet[]): boolean =>
  sets.some((set) => {
    const desired = desiredOf(set);
    return wantedOf(set) > 0 && desired !== undefined && desired !== wantedOf(deployment);
  });

/** Sizes after a scaling, or while paused: the one active ReplicaSet, or all in proportion. */
export function scaled(deployment: Deployment, current: ReplicaSet | undefined, old: readonly ReplicaSet[]): Sizing[] {
  const wanted = wantedOf(deployment);
  const active = [...old, ...(current ? [current] : [])].filter((set) => wantedOf(set) > 0);
  if (active.length <= 1) {
    const only = active[0] ?? current ?? old.toSorted((a, b) => byAge(b, a))[0];
    return only && wantedOf(only) !== wanted ? [{ set: only, replicas: wanted }] : [];
  }
  if (current && isSaturated(deployment, current)) return shrinkAll(old);
  return isRolling(deployment) ? inProportion(deployment, active) : [];
}

const isSaturated = (deployment: Deployment, current: ReplicaSet): boolean => {
  const wanted = wantedOf(deployment);
  return (
    desiredOf(current) === wanted && wantedOf(current) === wanted && (current.status.availableReplicas ?? 0) === wanted
  );
};

/** What rounding leaves over goes to the first: the largest. */
function inProportion(deployment: Deployment, active: readonly ReplicaSet[]): Sizing[] {
  const wanted = wantedOf(deployment);
  const allowed = wanted > 0 ? wanted + maxSurge(deployment) : 0;
  const toAdd = allowed - sumWanted(active);
  const newestFirst = toAdd > 0 ? -1 : 1;
  const ordered = active.toSorted((a, b) => wantedOf(b) - wantedOf(a) || newestFirst * byRevision(a, b));
  let added = 0;
  const sizings = ordered.map((set) => {
    const part = toAdd === 0 ? 0 : shareOf(deployment, set, toAdd, added);
    added += part;
    return { set, replicas: wantedOf(set) + part };
  });
  const first = sizings[0];
  if (first && toAdd !== 0) sizings[0] = { set: first.set, replicas: Math.max(0, first.replicas + toAdd - added) };
  return sizings;
}

const byRevision = (a: ReplicaSet, b: ReplicaSet): number =>
  byAge(a, b) || revisionOf(a) - revisionOf(b) || compareText(a.metadata.uid, b.metadata.uid);

function shareOf(deployment: Deployment, set: ReplicaSet, toAdd: number, added: number): number {
  if (toAdd === added) return 0;
  const share = fractionOf(deployment, set);
  return toAdd > 0 ? Math.min(share, toAdd - added) : Math.max(share, toAdd - added);
}

function fractionOf(deployment: Deployment, set: ReplicaSet): number {
  const wanted = wantedOf(deployment);
  if (wanted === 0) return -wantedOf(set);
  const before = maxOf(set) || (deployment.status.replicas ?? 0);
  if (before === 0) return 0;
  return Math.round((wantedOf(set) * (wanted + maxSurge(deployment))) / before) - wantedOf(set);
}

/** The ReplicaSets of the past that the history has no room for: the oldest revisions, that have nothing left. */
export function pastHistory(deployment: Deployment, old: readonly ReplicaSet[]): ReplicaSet[] {
  const limit = deployment.spec.revisionHistoryLimit;
  if (limit === undefined || limit === 2 ** 31 - 1) return [];
  const kept = old.filter(({ metadata }) => !metadata.deletionTimestamp);
  const surplus = kept.length - limit;
  if (surplus <= 0) return [];
  return kept
    .toSorted((a, b) => revisionOf(a) - revisionOf(b) || byAge(a, b))
    .slice(0, surplus)
    .filter(
      (set) =>
        set.status.replicas === 0 &&
        wantedOf(set) === 0 &&
        (set.metadata.generation ?? 0) <= (set.status.observedGeneration ?? 0),
    );
}
