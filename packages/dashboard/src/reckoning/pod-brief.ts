/**
 * What is kept of each pod where there may be thousands: some hundred bytes instead of some thousand. Tables of the server would not do: they tell no
 * requests, and cost the server more than whole objects, even where they have nothing but their cells.
 */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { holdsResources, podRequest } from "./pod-requests.ts";
import { podTrouble, type Trouble } from "./pod-state.ts";

export interface PodBrief {
  readonly metadata: { readonly uid: string; readonly namespace: string; readonly name: string };
  readonly phase: string;
  /** Of its node; nothing where it has none yet, or has ended. */
  readonly cpu: number;
  readonly memory: number;
  readonly holds: boolean;
  readonly trouble?: Trouble;
}

export function podBrief(pod: Pod): PodBrief {
  const { metadata, spec, status } = pod;
  const phase = status.phase ?? "Unknown";
  const holds = Boolean(spec.nodeName) && holdsResources(phase);
  const trouble = podTrouble(pod);
  return {
    metadata: { uid: metadata.uid ?? "", namespace: metadata.namespace ?? "", name: metadata.name ?? "" },
    phase,
    cpu: holds ? podRequest(spec, "cpu") : 0,
    memory: holds ? podRequest(spec, "memory") : 0,
    holds,
    ...(trouble && { trouble }),
  };
}

export interface PodsTotal {
  readonly phases: ReadonlyMap<string, number>;
  readonly cpu: number;
  readonly memory: number;
  /** Those that hold a place on a node. */
  readonly holding: number;
  readonly troubled: readonly (PodBrief & { readonly trouble: Trouble })[];
}

export function podsTotal(pods: readonly PodBrief[]): PodsTotal {
  const phases = new Map<string, number>();
  let [cpu, memory, holding] = [0, 0, 0];
  for (const pod of pods) {
    phases.set(pod.phase, (phases.get(pod.phase) ?? 0) + 1);
    cpu += pod.cpu;
    memory += pod.memory;
    if (pod.holds) holding++;
  }
  const troubled = pods.filter((pod): pod is PodsTotal["troubled"][number] => pod.trouble !== undefined);
  return { phases, cpu, memory, holding, troubled };
}
