/** Deletes requests for certificates of pods half an hour after they were made: who asked has taken the answer by then. */
import { podcertificaterequests } from "@kubets/api/generated/refs";
import { type Controller, on } from "@kubets/client";
import { unlessGone } from "../error-text.ts";
import { keyIn } from "../keys.ts";

const KEPT_MS = 30 * 60_000;

export const podCertificateRequestCleaner = (): Controller => ({
  name: "podcertificaterequest-cleaner",
  workers: 1,
  watches: [on(podcertificaterequests)],
  async reconcile(key, { cache, client, clock }) {
    const request = cache.get(podcertificaterequests, key);
    if (!request) return undefined;
    const { uid, creationTimestamp } = request.metadata;
    const left = Date.parse(creationTimestamp) + KEPT_MS - clock.now();
    if (left > 0) return { requeueAfterMs: left };
    await unlessGone(client.delete(podcertificaterequests, keyIn(request), { preconditions: { uid } }));
    return undefined;
  },
});
