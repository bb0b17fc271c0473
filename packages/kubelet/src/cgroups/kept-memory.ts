/** Memory that the kernel keeps for those that asked for it, by the class of their pod (`memoryReservationPolicy`). Version 2 alone can. Pure. */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { computeQosClass } from "@kubets/api/pod/qos";

export interface KeptMemory {
  /** Not taken back, whatever may come. */
  readonly minBytes: number;
  /** Not taken back as long as there is other. */
  readonly lowBytes: number;
}

export const NOTHING_KEPT: KeptMemory = { minBytes: 0, lowBytes: 0 };

/** For a pod, or a container of it, that asked for so much. */
export function keptFor({ spec }: Pick<Pod, "spec">, bytes: number): KeptMemory {
  const qos = computeQosClass(spec);
  return { minBytes: qos === "Guaranteed" ? bytes : 0, lowBytes: qos === "Burstable" ? bytes : 0 };
}
