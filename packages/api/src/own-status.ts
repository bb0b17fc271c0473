/** The hooks of the many resources whose status is written through its subresource alone. */
import type { FieldError } from "@kubets/machinery";
import { keepAllBut, keepPart } from "./define.ts";
import type { Draft, KubeObject } from "./meta.ts";
import type { Subresource, WriteContext } from "./resource.ts";

interface WithStatus {
  status?: unknown;
}

/** A new object has not been seen by its controller. */
export function clearStatus<T extends KubeObject>(object: Draft<T>): void {
  (object as WithStatus).status = {};
}

export function keepStatus<T extends KubeObject>(object: Draft<T>, old: T): void {
  keepPart(object, old, "status");
}

/** What the main resource does about the status. */
export const ownStatus = { prepareForCreate: clearStatus, prepareForUpdate: keepStatus };

/** The subresource, with what must hold of a new status, and what else a write of it puts back. */
export function statusSubresource<T extends KubeObject>(
  validateUpdate?: (object: T, old: T, context: WriteContext) => FieldError[],
  alsoKeep?: (object: Draft<T>, old: T, context: WriteContext) => void,
): Subresource<T> {
  const keep = keepAllBut<T>("status");
  return {
    type: "status",
    part: ["status"],
    prepareForUpdate: (object, old, context) => {
      keep(object, old);
      alsoKeep?.(object, old, context);
    },
    ...(validateUpdate && { validateUpdate }),
  };
}
