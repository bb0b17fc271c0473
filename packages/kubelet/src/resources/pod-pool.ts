/**
 * CPUs and memory that a pod has as a whole, and how its containers part them: a guaranteed one has its own of them, the others share the rest,
 * and what an init container had is there again for those that begin after it. Pure.
 */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { computeQosClass } from "@kubets/api/pod/qos";
import type { Rejection } from "../admission/admit.ts";
import { allot, brokenCores, lackOf, NO_CPUS, type PodPlan, unexpected } from "./allot.ts";
import { type Allotment, POD_POOL } from "./allotment.ts";
import { chooseCpus } from "./distribute.ts";
import { localityOf } from "./locality.ts";
import type { NodePolicies, NodeSupply } from "./supply.ts";
import { asksAsAWhole, type ContainerWish, isEmpty, ownOf, sumOf } from "./wish.ts";

/** Whether the pod is placed as a whole. Without a topology policy there is no scope either: each container has its own. */
export const hasPool = (pod: Pod, { podLevel, scope, topology }: NodePolicies): boolean =>
  podLevel && scope === "pod" && topology !== "none" && asksAsAWhole(pod);

const NOT_LOCAL: Rejection = {
  reason: "TopologyAffinityError",
  message: "Pod Scope pod with pod-level resources failed admission under pod-scope topology manager",
};

/** Undefined when nothing of the pod wants anything of its own. */
export function planPool(
  pod: Pod,
  order: readonly ContainerWish[],
  policies: NodePolicies,
  supply: NodeSupply,
  taken: readonly Allotment[],
): PodPlan | undefined {
  const isGuaranteed = computeQosClass(pod.spec) === "Guaranteed";
  const own = isGuaranteed ? ownOf(pod.spec.resources?.requests ?? {}, policies) : { cpus: 0, memory: 0 };
  const wish = { ...own, devices: sumOf(order).devices };
  if (isEmpty(wish)) return undefined;
  const whole = localityOf(wish, policies, supply, taken, []);
  const noCpus = own.cpus > 0 && emptiedOf("cpu", own.cpus, order);
  const emptied = noCpus || (own.memory > 0 && emptiedOf("memory", own.memory, order));
  if (!whole.admitted || (emptied && policies.topology !== "best-effort")) return { rejection: NOT_LOCAL };
  if (emptied)
    return {
      rejection: { reason: "EmptyPodSharedPoolError", message: emptied },
      lacks: noCpus ? "cpu" : "memory",
    };
  const broken = brokenCores(own.cpus, policies, supply, taken);
  if (broken) return { rejection: broken, lacks: "cpu" };
  const pool = allot({ ...own, devices: {} }, whole.nodes, policies, supply, taken, []);
  if (typeof pool === "string") return { rejection: unexpected(pool), ...lackOf(pool) };

  const parts = partsOf(pool, order, policies, supply);
  if (!parts) return { rejection: unexpected(NO_CPUS), lacks: "cpu" };
  const made: Record<string, Allotment> = {};
  for (const { container, wish, passesOn } of order) {
    const used = [...taken, ...Object.values(made).filter((each) => !each.passedOn)];
    const reusable = Object.values(made).filter((each) => each.passedOn);
    const { devices } = wish;
    const given = allot({ cpus: 0, memory: 0, devices }, whole.nodes, policies, supply, used, reusable);
    if (typeof given === "string") return { rejection: unexpected(given) };
    made[container.name] = { ...given, ...parts.get(container.name), ...(passesOn && { passedOn: true }), ofPod: true };
  }
  return { allotments: { [POD_POOL]: pool, ...made } };
}

/** Containers without any of their own need some of the pool to be left: says which of them have none. */
function emptiedOf(name: "cpu" | "memory", total: number, order: readonly ContainerWish[]): string | undefined {
  const [some, amount] = name === "cpu" ? ["cpus", "cpus"] : ["memory", "of memory"];
  let taken = 0;
  let isShared = false;
  for (const { wish, passesOn } of order) {
    const own = name === "cpu" ? wish.cpus : wish.memory;
    if (passesOn && own > total - taken)
      return `pod rejected, largest exclusive init container requests ${own} ${amount}, but only ${total - taken} available`;
    if (passesOn && own === 0 && taken >= total)
      return `pod rejected, pod has shared init containers but no ${some} available for them`;
    if (passesOn) continue;
    taken += own;
    isShared ||= own === 0;
  }
  return isShared && taken >= total
    ? `pod rejected, sum of exclusive container ${name} requests equals pod budget, leaving no ${some} for shared containers`
    : undefined;
}

/** By container. Undefined when the CPUs do not suffice. */
function partsOf(
  pool: Allotment,
  order: readonly ContainerWish[],
  { cpuOptions }: NodePolicies,
  { cpus: all }: NodeSupply,
): ReadonlyMap<string, Allotment> | undefined {
  const left = { cpus: pool.cpus ?? [], bytes: pool.memory?.bytes ?? 0 };
  const walked: { name: string; cpus: readonly number[]; bytes: number; rest: typeof left }[] = [];
  for (const { container, wish, passesOn } of order) {
    const cpus = pool.cpus ? chooseCpus(all, new Set(left.cpus), wish.cpus, cpuOptions) : [];
    if (!cpus) return undefined;
    // What goes on beside others shares what is left when all have their own; what ends before them, what was left then.
    walked.push({ name: container.name, cpus, bytes: wish.memory, rest: passesOn ? { ...left } : left });
    if (passesOn) continue;
    left.cpus = left.cpus.filter((id) => !cpus.includes(id));
    left.bytes -= wish.memory;
  }
  const partOf = ({ cpus, bytes, rest }: (typeof walked)[number]): Allotment => ({
    ...(pool.cpus && (cpus.length > 0 ? { cpus } : { cpus: rest.cpus, sharesCpus: true })),
    ...(pool.memory && { memory: { nodes: pool.memory.nodes, bytes: bytes || rest.bytes } }),
    ...(pool.memory && bytes === 0 && { sharesMemory: true }),
  });
  return new Map(walked.map((each) => [each.name, partOf(each)]));
}
