/** The quality of service of a pod: Guaranteed, Burstable or BestEffort, by what cpu and memory it asks for. */
import { parseQuantity, type Quantity } from "@kubets/machinery/quantity";
import type { PodSpec } from "../generated/types/core-v1.ts";
import { workingContainers } from "./containers.ts";
import type { ResourceList } from "./resources.ts";

type QosClass = "Guaranteed" | "Burstable" | "BestEffort";

const COUNTED = ["cpu", "memory"];

export function computeQosClass(spec: PodSpec): QosClass {
  const requests = new Map<string, Quantity>();
  const limits = new Map<string, Quantity>();
  let allLimited = true;

  const count = (resources: { requests?: ResourceList; limits?: ResourceList } | undefined) => {
    collect(requests, resources?.requests);
    const limited = collect(limits, resources?.limits);
    if (limited < COUNTED.length) allLimited = false;
  };
  if (spec.resources && (spec.resources.requests || spec.resources.limits)) count(spec.resources);
  else for (const container of workingContainers(spec)) count(container.resources);

  if (requests.size === 0 && limits.size === 0) return "BestEffort";
  const equal = [...requests].every(([name, quantity]) => limits.get(name)?.equals(quantity) ?? false);
  return allLimited && equal && requests.size === limits.size ? "Guaranteed" : "Burstable";
}

/** Adds what is above zero and tells how many resources that were. */
function collect(total: Map<string, Quantity>, list: ResourceList | undefined): number {
  let found = 0;
  for (const name of COUNTED) {
    const text = list?.[name];
    const quantity = text === undefined ? undefined : parseQuantity(text);
    if (!quantity || quantity.sign() <= 0) continue;
    const before = total.get(name);
    total.set(name, before ? before.add(quantity) : quantity);
    found++;
  }
  return found;
}
