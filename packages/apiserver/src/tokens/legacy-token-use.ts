/**
 * When tokens of the old kind were last used: the day, as a label on their Secret, and since when anyone looks. By these they are found that nobody
 * uses any more.
 * Holds: a Secret is written once a day at most.
 */
import { configmaps, secrets } from "@kubets/api/generated/refs";
import type { Client } from "@kubets/client/client";
import { type Clock, isReason, type Logger } from "@kubets/machinery";
import type { ClusterView } from "../admission/plugin.ts";

const LAST_USED = "kubernetes.io/legacy-token-last-used";

const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10);

/** From which day on uses are noted: made at the first start, and never changed. */
export async function trackLegacyTokens(client: Client, now: number): Promise<void> {
  const metadata = { namespace: "kube-system", name: "kube-apiserver-legacy-service-account-token-tracking" };
  await client.create(configmaps, { metadata, data: { since: dayOf(now) } }).catch((error: unknown) => {
    if (!isReason(error, "AlreadyExists")) throw error;
  });
}

interface UseParts {
  readonly view: ClusterView;
  readonly clock: Clock;
  readonly log: Logger;
  client(): Client;
}

/** What notes the use of a Secret's token; the request does not wait for it. */
export function legacyTokenUse({ view, clock, log, client }: UseParts): (namespace: string, name: string) => void {
  const underWay = new Set<string>();
  return (namespace, name) => {
    const day = dayOf(clock.now());
    const key = `${namespace}/${name}`;
    if (underWay.has(key) || view.get(secrets, namespace, name)?.metadata.labels?.[LAST_USED] === day) return;
    underWay.add(key);
    const body = { metadata: { labels: { [LAST_USED]: day } } };
    void client()
      .patch(secrets, { namespace, name }, { type: "merge", body })
      .catch((error: unknown) => {
        if (!isReason(error, "NotFound")) log.warn("the use of a token was not noted", { secret: key, error });
      })
      .finally(() => underWay.delete(key));
  };
}
