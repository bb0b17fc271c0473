/** A watch whose keys wait for a while, so that changes close to each other cost one reconcile. */
import type { ControllerWatch } from "@kubets/client";

export function gathered(watch: ControllerWatch, waitMs: number): ControllerWatch {
  if (waitMs === 0) return watch;
  return {
    resource: watch.resource,
    keys(object, old, context) {
      for (const key of watch.keys(object, old, context)) context.enqueue(key, waitMs);
      return [];
    },
  };
}
