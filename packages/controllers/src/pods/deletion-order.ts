/**
 * Which pods go first when there are too many: those whose loss is felt least.
 * In order: without a node, pending before unknown before running, not ready, of lower deletion cost, on a node with more of the same, ready for a
 * shorter time, restarted more often, younger. Times count by their magnitude (a power of two), and by uid within one, so that
 * repeated scaling does not always take the newest.
 */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { DELETION_COST } from "@kubets/api/pod/annotation-names";
import { isSidecar } from "@kubets/api/pod/containers";
import { isReady, podCondition } from "@kubets/api/pod/state";

interface RankedPod {
  readonly pod: Pod;
  /** How many pods of the same work share its node. */
  readonly rank: number;
}

const PHASES: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };

/** The first `count` of them, as far as they must be told apart. */
export function firstToGo(pods: readonly RankedPod[], count: number, now: number): Pod[] {
  if (count >= pods.length) return pods.map(({ pod }) => pod);
  return pods
    .toSorted((a, b) => compareForDeletion(a, b, now))
    .slice(0, count)
    .map(({ pod }) => pod);
}

/** Negative when `a` goes before `b`. */
export function compareForDeletion(
  { pod: a, rank: rankA }: RankedPod,
  { pod: b, rank: rankB }: RankedPod,
  now: number,
): number {
  return (
    order(Boolean(a.spec.nodeName), Boolean(b.spec.nodeName)) ||
    phaseOf(a) - phaseOf(b) ||
    order(isReady(a), isReady(b)) ||
    costOf(a) - costOf(b) ||
    rankB - rankA ||
    (isReady(a) && isReady(b) ? compareAges(readySince(a), readySince(b), a, b, now) : 0) ||
    compareRestarts(a, b) ||
    compareAges(Date.parse(a.metadata.creationTimestamp), Date.parse(b.metadata.creationTimestamp), a, b, now)
  );
}

const order = (a: boolean, b: boolean): number => Number(a) - Number(b);
const phaseOf = ({ status }: Pod): number => PHASES[status.phase ?? ""] ?? 0;

/** What the annotation says; what cannot be read is zero. */
function costOf({ metadata }: Pod): number {
  const text = metadata.annotations?.[DELETION_COST];
  const cost = text !== undefined && /^(0|-?[1-9]\d*)$/.test(text) ? Number(text) : 0;
  return Math.abs(cost) <= 2 ** 31 ? cost : 0;
}

const readySince = ({ status }: Pod): number =>
  Date.parse(podCondition(status, "Ready")?.lastTransitionTime ?? "") || 0;

/** The younger first, by magnitude of age; within one magnitude by uid. An unknown time is the youngest. */
function compareAges(a: number, b: number, podA: Pod, podB: Pod, now: number): number {
  if (a === b) return 0;
  if (!a || !b) return a ? 1 : -1;
  const difference = magnitude(now - a) - magnitude(now - b);
  return difference || (podA.metadata.uid < podB.metadata.uid ? -1 : 1);
}

const magnitude = (ms: number): number => (ms < 1 ? -1 : Math.floor(Math.log2(ms)));

function compareRestarts(a: Pod, b: Pod): number {
  const [ra, rb] = [restartsOf(a), restartsOf(b)];
  return rb.regular - ra.regular || rb.sidecar - ra.sidecar;
}

function restartsOf({ spec, status }: Pod): { regular: number; sidecar: number } {
  const sidecars = new Set((spec.initContainers ?? []).filter(isSidecar).map(({ name }) => name));
  const most = (counts: number[]) => Math.max(0, ...counts);
  return {
    regular: most((status.containerStatuses ?? []).map(({ restartCount }) => restartCount)),
    sidecar: most(
      (status.initContainerStatuses ?? [])
        .filter(({ name }) => sidecars.has(name))
        .map(({ restartCount }) => restartCount),
    ),
  };
}
