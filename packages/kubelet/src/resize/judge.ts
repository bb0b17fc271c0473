/** Whether the node can give a pod what it wants, beside the others that it has. Pure. */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { podRequests } from "@kubets/api/pod/resources";
import { parseQuantity, zeroQuantity } from "@kubets/machinery/quantity";
import { fits } from "../admission/admit.ts";
import type { Pending } from "./pod-resize.ts";

export interface Room {
  readonly allocatable: Readonly<Record<string, string>>;
  /** The other pods, with what they were given. */
  readonly others: readonly Pod[];
}

export function judgeResize({ metadata, spec }: Pod, room: Room): Pending | undefined {
  const asked = { metadata, spec, status: {} } as Pod;
  for (const name of ["cpu", "memory"]) {
    const wanted = podRequests(asked).get(name) ?? zeroQuantity;
    const has = parseQuantity(room.allocatable[name] ?? "0");
    if (wanted.compare(has) <= 0) continue;
    const unit = name === "cpu" ? -3 : 0;
    const message = `Node didn't have enough capacity: ${name}, requested: ${wanted.scaled(unit)}, capacity: ${has.scaled(unit)}`;
    return { reason: "Infeasible", message, cause: "infeasible" };
  }
  const refusal = fits(asked, room);
  return refusal && { reason: "Deferred", message: refusal.message, cause: refusal.reason };
}
