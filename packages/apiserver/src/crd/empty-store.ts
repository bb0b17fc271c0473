/** Deletes all objects of a kind that goes. Finalizers are respected: who set them works them off first. */
import type { Clock } from "@kubets/machinery";
import { atOnce } from "@kubets/machinery/at-once";
import type { CachedObject } from "../store/cached-object.ts";
import type { ResourceCache } from "../store/resource-cache.ts";
import type { ResourceStore, WriteOutcome } from "../store/resource-store.ts";
import { planDelete } from "../write/plan-delete.ts";

const AT_ONCE = 64;

/** Says whether nothing is left; what cannot be read is something. */
export async function emptyStore(store: ResourceStore, clock: Clock): Promise<boolean> {
  await atOnce(AT_ONCE, store.cache.list(), (object) => deleteOne(store, object, clock));
  return isEmpty(store.cache);
}

export const isEmpty = ({ size, unreadable }: ResourceCache): boolean => size + unreadable.size === 0;

async function deleteOne(store: ResourceStore, found: CachedObject, clock: Clock): Promise<void> {
  let current: CachedObject | undefined = found;
  while (current) {
    const plan = planDelete(store.definition, current.object, {}, clock.now());
    if (plan === "pending") return;
    let outcome: WriteOutcome;
    if (plan.marked) outcome = await store.replace(current.key, plan.marked, current);
    else outcome = await store.remove(current.key, current);
    if (outcome.done) return;
    current = outcome.current;
  }
}
