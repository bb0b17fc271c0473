/** What a node has to share out, by which policies, and what is left of it. Pure. */
import type { Allotment } from "./allotment.ts";
import type { Cpu, CpuOption } from "./cpus.ts";
import type { Device } from "./devices/choose.ts";
import { freeMemory } from "./memory.ts";
import type { TopologyPolicy } from "./numa.ts";

export interface NodePolicies {
  readonly cpus: "none" | "static";
  readonly cpuOptions: ReadonlySet<CpuOption>;
  readonly memory: "None" | "Static";
  readonly topology: TopologyPolicy;
  /** Whether, of sets of as many NUMA nodes, those near to each other are taken (`prefer-closest-numa-nodes`). */
  readonly closestNodes: boolean;
  readonly scope: "container" | "pod";
  /** Whether pods that ask for themselves as a whole have anything of their own (gate PodLevelResourceManagers). */
  readonly podLevel: boolean;
  /** Of what guaranteed pods may have more or less while they run, though it is their own (gates InPlacePodVerticalScalingExclusive...). */
  readonly resizes: ReadonlySet<"cpu" | "memory">;
}

export interface NodeSupply {
  readonly cpus: readonly Cpu[];
  /** Never given to one container alone. */
  readonly reservedCpus: ReadonlySet<number>;
  readonly nodes: readonly {
    readonly id: number;
    readonly allocatable: number;
    readonly distances?: readonly number[];
  }[];
  /** Undefined for a resource that no plugin offers. */
  devices(resource: string): readonly Device[] | undefined;
}

/** What can be given to one container alone. */
export function freeCpus(cpus: readonly Cpu[], reserved: ReadonlySet<number>, used: readonly Allotment[]): Set<number> {
  const taken = new Set(used.flatMap((each) => each.cpus ?? []));
  return new Set(cpus.flatMap(({ id }) => (reserved.has(id) || taken.has(id) ? [] : [id])));
}

export const memoryLeft = ({ nodes }: Pick<NodeSupply, "nodes">, used: readonly Allotment[]) =>
  freeMemory(
    nodes,
    used.flatMap(({ memory }) => memory ?? []),
  );
