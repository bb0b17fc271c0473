/** What a Deployment writes on its ReplicaSets and itself: revisions, and sizes by which a scaling is told from a rollout. */
import type { Deployment, ReplicaSet } from "@kubets/api/generated/types/apps-v1";
import { maxSurge, wantedOf } from "./replica-counts.ts";

export const REVISION = "deployment.kubernetes.io/revision";
const REVISION_HISTORY = "deployment.kubernetes.io/revision-history";
const DESIRED = "deployment.kubernetes.io/desired-replicas";
const MAX = "deployment.kubernetes.io/max-replicas";
export const ROLLBACK_TO = "deprecated.deployment.rollback.to";
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";
const OWN = new Set([LAST_APPLIED, REVISION, REVISION_HISTORY, DESIRED, MAX, ROLLBACK_TO]);
const HISTORY_LENGTH = 2000;

type Annotations = Readonly<Record<string, string>>;

/** Zero when there is none that can be read. */
export function revisionOf({ metadata }: ReplicaSet | Deployment): number {
  const text = metadata.annotations?.[REVISION];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : 0;
}

export const maxRevision = (sets: readonly ReplicaSet[]): number => Math.max(0, ...sets.map(revisionOf));

function numberIn(set: ReplicaSet, name: string): number | undefined {
  const text = set.metadata.annotations?.[name];
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : undefined;
}
export const desiredOf = (set: ReplicaSet): number | undefined => numberIn(set, DESIRED);
export const maxOf = (set: ReplicaSet): number | undefined => numberIn(set, MAX);

/** The annotations of a ReplicaSet that now has this revision. */
export function annotationsOfNew(
  deployment: Deployment,
  present: Annotations | undefined,
  revision: number,
  isMade: boolean,
): Annotations {
  const result: Record<string, string> = { ...present };
  for (const [name, value] of Object.entries(deployment.metadata.annotations ?? {}))
    if (!OWN.has(name)) result[name] = value;
  const old = result[REVISION];
  if (Number(old ?? 0) < revision) {
    result[REVISION] = String(revision);
    if (old) result[REVISION_HISTORY] = withRevision(result[REVISION_HISTORY], old);
  }
  return isMade ? { ...result, ...sizes(deployment) } : result;
}

/** The history with one more revision, the oldest given up where it grows too long. */
function withRevision(history: string | undefined, revision: string): string {
  const parts = history ? history.split(",") : [];
  if (parts.includes(revision)) return history ?? "";
  parts.push(revision);
  while (parts.join(",").length > HISTORY_LENGTH) parts.shift();
  return parts.join(",");
}

export const sizes = (deployment: Deployment): Annotations => ({
  [DESIRED]: String(wantedOf(deployment)),
  [MAX]: String(wantedOf(deployment) + maxSurge(deployment)),
});

export const sizesDiffer = (deployment: Deployment, { metadata }: ReplicaSet): boolean =>
  Object.entries(sizes(deployment)).some(([name, value]) => metadata.annotations?.[name] !== value);
