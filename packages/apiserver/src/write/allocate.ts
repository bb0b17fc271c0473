/** Calls the allocator of a resource that has one, on the road of a write. */
import type { Draft, KubeObject } from "@kubets/api/meta";
import type { ApiCall } from "../api-call.ts";
import type { Allocator, Reservation } from "../services/allocator.ts";

/** Fills what is given from ranges of the cluster; undefined where there is nothing to give. */
export function allocate(
  call: ApiCall,
  object: Draft<KubeObject>,
  old: KubeObject | undefined,
): Promise<Reservation> | undefined {
  const allocator = call.subresource ? undefined : allocatorOf(call);
  return old ? allocator?.update(object, old, call.dryRun) : allocator?.create(object, call.dryRun);
}

/** To be awaited after an object has gone. */
export const released = (call: ApiCall, object: KubeObject): Promise<void> | undefined =>
  allocatorOf(call)?.deleted(object);

function allocatorOf({ server, resource: { definition } }: ApiCall): Allocator | undefined {
  return server.allocators.get(`${definition.group}/${definition.resource}`);
}

/** Runs the rest of a write, and gives back what was taken for it if it fails. */
export async function underReservation<T>(reservation: Reservation | undefined, run: () => Promise<T>): Promise<T> {
  if (!reservation) return run();
  try {
    return await run();
  } catch (error) {
    await reservation.undo();
    throw error;
  }
}
