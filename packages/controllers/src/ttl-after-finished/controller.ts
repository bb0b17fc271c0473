/**
 * Deletes Jobs some time after they have ended, where they say how long.
 * Holds: the time is taken from the Job as the server has it, so that one whose time was changed is not lost.
 */
import { jobs } from "@kubets/api/generated/refs";
import type { Job } from "@kubets/api/generated/types/batch-v1";
import { type Controller, on } from "@kubets/client";
import { isReason } from "@kubets/machinery";
import { unlessGone } from "../error-text.ts";
import { requestKey } from "../keys.ts";

/** When the Job may go; nothing if it may not. */
function expiryOf({ spec, status, metadata }: Job): number | undefined {
  const { ttlSecondsAfterFinished } = spec;
  if (ttlSecondsAfterFinished === undefined || metadata.deletionTimestamp) return undefined;
  const ended = status.conditions?.find(
    ({ type, status: is }) => (type === "Complete" || type === "Failed") && is === "True",
  );
  if (!ended?.lastTransitionTime) return undefined;
  return Date.parse(ended.lastTransitionTime) + ttlSecondsAfterFinished * 1000;
}

export const ttlAfterFinished = (): Controller => ({
  name: "ttl-after-finished",
  watches: [on(jobs)],
  async reconcile(key, { cache, client, clock }) {
    const cached = cache.get(jobs, key);
    const expiry = cached && expiryOf(cached);
    if (expiry === undefined) return;
    if (expiry > clock.now()) return { requeueAfterMs: expiry - clock.now() };
    const fresh = await client.get(jobs, requestKey(key)).catch((error: unknown) => {
      if (isReason(error, "NotFound")) return undefined;
      throw error;
    });
    const again = fresh && expiryOf(fresh);
    if (!fresh || again === undefined) return;
    if (again > clock.now()) return { requeueAfterMs: again - clock.now() };
    await unlessGone(
      client.delete(jobs, requestKey(key), {
        propagationPolicy: "Foreground",
        preconditions: { uid: fresh.metadata.uid },
      }),
    );
    return undefined;
  },
});
