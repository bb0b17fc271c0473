/**
 * Which pods a critical one puts out of its node. Pure.
 * Holds: they free what is missing; pods of a better class of service go only for what the worse classes cannot give; of one class few go rather
 * than many, and small ones rather than large.
 */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { podPriority } from "@kubets/api/pod/priority";
import { computeQosClass } from "@kubets/api/pod/qos";
import { podRequests, WITH_CLAIMS } from "@kubets/api/pod/resources";
import { zeroQuantity } from "@kubets/machinery/quantity";
import { isNodeCritical } from "../static-pods/static-pods.ts";
import { inUnits, type Shortage } from "./admit.ts";

/** What is still missing, by resource. */
type Missing = ReadonlyMap<string, number>;

/** Undefined when all of them together do not free enough. */
export function whoMakesRoom(pod: Pod, others: readonly Pod[], shortages: readonly Shortage[]): Pod[] | undefined {
  const missing: Missing = new Map(shortages.map((shortage) => [shortage.name, missingOf(shortage)]));
  const weaker = others.filter((other) => mayPutOut(pod, other));
  const of = (qos: string) => weaker.filter(({ spec }) => computeQosClass(spec) === qos);
  const [bestEffort, burstable, guaranteed] = [of("BestEffort"), of("Burstable"), of("Guaranteed")];
  const best = fewest(guaranteed, without(missing, [...bestEffort, ...burstable]));
  if (!best) return undefined;
  const middle = fewest(burstable, without(missing, [...bestEffort, ...best])) ?? [];
  const least = fewest(bestEffort, without(missing, [...middle, ...best])) ?? [];
  return [...least, ...middle, ...best];
}

export const missingOf = ({ requested, used, capacity }: Shortage): number => requested + used - capacity;

const mayPutOut = (pod: Pod, other: Pod): boolean =>
  (isNodeCritical(pod) && !isNodeCritical(other)) || podPriority(pod) > podPriority(other);

/** The one that comes nearest to what is missing, again and again. */
function fewest(pods: readonly Pod[], missing: Missing): Pod[] | undefined {
  const left = new Set(pods);
  const chosen: Pod[] = [];
  for (let open = missing; open.size > 0; ) {
    const [nearest] = [...left].sort((a, b) => distance(a, open) - distance(b, open) || bySize(a, b));
    if (!nearest) return undefined;
    left.delete(nearest);
    chosen.push(nearest);
    open = without(open, [nearest]);
  }
  return chosen;
}

/** Each resource weighs the same, however much of it is missing. */
function distance(pod: Pod, missing: Missing): number {
  let sum = 0;
  for (const [name, amount] of missing) sum += (Math.max(0, amount - requestOf(pod, name)) / amount) ** 2;
  return sum;
}

const bySize = (a: Pod, b: Pod): number =>
  requestOf(a, "memory") - requestOf(b, "memory") || requestOf(a, "cpu") - requestOf(b, "cpu");

function without(missing: Missing, pods: readonly Pod[]): Missing {
  const left = new Map<string, number>();
  for (const [name, amount] of missing) {
    const rest = pods.reduce((sum, pod) => sum - requestOf(pod, name), amount);
    if (rest > 0) left.set(name, rest);
  }
  return left;
}

const requestOf = (pod: Pod, name: string): number =>
  name === "pods" ? 1 : inUnits(name, podRequests(pod, WITH_CLAIMS).get(name) ?? zeroQuantity);
