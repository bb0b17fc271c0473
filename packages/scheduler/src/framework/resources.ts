/**
 * Amounts of resources as plain numbers: CPU in millicores, memory and storage in bytes, others in units. Added and taken in place,
 * because a node's sums change with each pod. Exact below 2^53.
 */
import { type Amounts, amounts, type ResourceList } from "@kubets/api/pod/resources";

export interface Resources {
  readonly milliCpu: number;
  readonly memory: number;
  readonly ephemeralStorage: number;
  readonly pods: number;
  /** Extended resources, huge pages, attachable volumes. */
  readonly scalar: ReadonlyMap<string, number>;
}

export class ResourceSum implements Resources {
  milliCpu = 0;
  memory = 0;
  ephemeralStorage = 0;
  pods = 0;
  readonly scalar = new Map<string, number>();

  add(other: Resources, sign: 1 | -1 = 1): void {
    this.milliCpu += sign * other.milliCpu;
    this.memory += sign * other.memory;
    this.ephemeralStorage += sign * other.ephemeralStorage;
    this.pods += sign * other.pods;
    if (other.scalar.size === 0) return;
    for (const [name, amount] of other.scalar) this.scalar.set(name, (this.scalar.get(name) ?? 0) + sign * amount);
  }

  copy(): ResourceSum {
    const copy = new ResourceSum();
    copy.add(this);
    return copy;
  }
}

export function resourcesOf(list: Amounts): ResourceSum {
  const sum = new ResourceSum();
  for (const [name, quantity] of list) {
    if (name === "cpu") sum.milliCpu = quantity.milliValue();
    else if (name === "memory") sum.memory = quantity.value();
    else if (name === "ephemeral-storage") sum.ephemeralStorage = quantity.value();
    else if (name === "pods") sum.pods = quantity.value();
    else sum.scalar.set(name, quantity.value());
  }
  return sum;
}

export const resourcesOfList = (list: ResourceList | undefined): ResourceSum => resourcesOf(amounts(list));

/** One resource by its name in the API. */
export function amountOf(resources: Resources, name: string): number {
  switch (name) {
    case "cpu":
      return resources.milliCpu;
    case "memory":
      return resources.memory;
    case "ephemeral-storage":
      return resources.ephemeralStorage;
    case "pods":
      return resources.pods;
    default:
      return resources.scalar.get(name) ?? 0;
  }
}

export const sameResources = (a: Resources, b: Resources): boolean => !hasLess(a, b) && !hasLess(b, a);

/** Whether some resource is less in `a` than in `b`. */
export const hasLess = (a: Resources, b: Resources): boolean =>
  a.milliCpu < b.milliCpu ||
  a.memory < b.memory ||
  a.ephemeralStorage < b.ephemeralStorage ||
  a.pods < b.pods ||
  [...b.scalar].some(([name, amount]) => (a.scalar.get(name) ?? 0) < amount);

/** All amounts as plain data, the same for the same amounts. */
export const plainAmounts = ({ milliCpu, memory, ephemeralStorage, pods, scalar }: Resources): unknown[] => [
  milliCpu,
  memory,
  ephemeralStorage,
  pods,
  ...[...scalar].sort(([a], [b]) => (a < b ? -1 : 1)),
];
