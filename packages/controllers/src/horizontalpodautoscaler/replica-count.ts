/**
 * How many replicas a metric asks for. Pure; all values in thousandths.
 * Holds: within the tolerance nothing changes; pods whose metrics are missing or do not count yet are taken for what speaks against the change,
 * and never turn its direction.
 */
import type { PodGroups } from "./pod-groups.ts";

/** Parts of one: 0.1 for ten percent. */
export interface Tolerances {
  readonly scaleUp: number;
  readonly scaleDown: number;
}

export interface Proposal {
  readonly replicas: number;
  /** What the status tells: the usage of one pod, or of the object. */
  readonly usage: number;
  /** In percent of the request. */
  readonly utilization?: number;
}

const isWithin = ({ scaleUp, scaleDown }: Tolerances, ratio: number): boolean =>
  1 - scaleDown <= ratio && ratio <= 1 + scaleUp;

interface Usage {
  readonly ratio: number;
  readonly usage: number;
  readonly utilization?: number;
}

const UNREADY = "did not receive metrics for targeted pods (pods might be unready)";

/** By the average usage of the pods. */
export function byUsage(groups: PodGroups, current: number, target: number, tolerances: Tolerances): Proposal {
  const usageOf = (metrics: ReadonlyMap<string, number>): Usage => {
    const usage = Math.trunc(sum(metrics.values()) / metrics.size);
    return { ratio: usage / target, usage };
  };
  return byPods(groups, current, tolerances, usageOf, () => target);
}

/** By the pods' usage in percent of what they request. */
export function byUtilization(
  groups: PodGroups,
  requests: ReadonlyMap<string, number>,
  current: number,
  targetPercent: number,
  tolerances: Tolerances,
): Proposal {
  const usageOf = (metrics: ReadonlyMap<string, number>): Usage => {
    const known = [...metrics].filter(([name]) => requests.has(name));
    const requested = sum(known.map(([name]) => requests.get(name) as number));
    if (requested === 0) throw new Error("no metrics returned matched known pods");
    const used = sum(known.map(([, value]) => value));
    const utilization = Math.trunc((used * 100) / requested);
    return { ratio: utilization / targetPercent, utilization, usage: Math.trunc(used / known.length) };
  };
  const fallback = Math.max(100, targetPercent);
  return byPods(groups, current, tolerances, usageOf, (name) =>
    Math.trunc(((requests.get(name) ?? 0) * fallback) / 100),
  );
}

function byPods(
  { ready, unready, missing, metrics }: PodGroups,
  current: number,
  tolerances: Tolerances,
  usageOf: (metrics: ReadonlyMap<string, number>) => Usage,
  ofMissing: (name: string) => number,
): Proposal {
  if (metrics.size === 0) throw new Error(UNREADY);
  const { ratio, ...told } = usageOf(metrics);
  const countsUnready = unready.length > 0 && ratio > 1;
  if (!countsUnready && missing.length === 0)
    return { ...told, replicas: isWithin(tolerances, ratio) ? current : Math.ceil(ratio * ready) };
  const guessed = new Map(metrics);
  if (ratio !== 1) for (const name of missing) guessed.set(name, ratio < 1 ? ofMissing(name) : 0);
  if (countsUnready) for (const name of unready) guessed.set(name, 0);
  const { ratio: again } = usageOf(guessed);
  const turns = (ratio < 1 && again > 1) || (ratio > 1 && again < 1);
  const replicas = Math.ceil(again * guessed.size);
  const contradicts = (again < 1 && replicas > current) || (again > 1 && replicas < current);
  return { ...told, replicas: isWithin(tolerances, again) || turns || contradicts ? current : replicas };
}

/** By one value for all pods together. */
export function byTotal(
  usage: number,
  current: number,
  readyPods: () => number,
  target: number,
  tolerances: Tolerances,
): Proposal {
  const ratio = usage / target;
  if (current === 0) return { usage, replicas: Math.ceil(ratio) };
  return { usage, replicas: isWithin(tolerances, ratio) ? current : Math.ceil(ratio * readyPods()) };
}

/** By one value that the pods share. */
export function byShare(usage: number, present: number, targetAverage: number, tolerances: Tolerances): Proposal {
  const ratio = usage / (targetAverage * present);
  return {
    usage: Math.ceil(usage / present),
    replicas: isWithin(tolerances, ratio) ? present : Math.ceil(usage / targetAverage),
  };
}

const sum = (values: Iterable<number>): number => {
  let total = 0;
  for (const value of values) total += value;
  return total;
};
