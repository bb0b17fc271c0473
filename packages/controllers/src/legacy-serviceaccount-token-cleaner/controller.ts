/**
 * Ends tokens of the old kind that the cluster itself put into Secrets and that nobody uses: first they are marked as invalid, then they go.
 * Owns: that mark, and such Secrets. Watches: Secrets; reads service accounts and pods.
 * Holds: a Secret that people made, that a pod mounts, or whose account is gone is left alone.
 */
import { configmaps, pods, secrets, serviceaccounts } from "@kubets/api/generated/refs";
import type { Secret } from "@kubets/api/generated/types/core-v1";
import {
  type Client,
  type Controller,
  type ControllerContext,
  keyOf,
  onRelated,
  type Requeue,
  reads,
} from "@kubets/client";
import { isReason } from "@kubets/machinery";
import { unlessGone } from "../error-text.ts";
import { keyIn } from "../keys.ts";
import { dayOf, INVALID_SINCE, judge } from "./plan.ts";

const TYPE = "kubernetes.io/service-account-token";
const ACCOUNT = "kubernetes.io/service-account.name";
const TRACKING = { namespace: "kube-system", name: "kube-apiserver-legacy-service-account-token-tracking" };
/** Whether a pod still mounts a Secret is looked up again after so long. */
const LOOK_AGAIN_MS = 24 * 3_600_000;

interface CleanerOptions {
  /** --legacy-service-account-token-clean-up-period */
  readonly legacyTokenCleanUpPeriodMs: number;
}

export const legacyTokenCleaner = ({ legacyTokenCleanUpPeriodMs: period }: CleanerOptions): Controller => ({
  name: "legacy-service-account-token-cleaner",
  workers: 1,
  watches: [
    onRelated(secrets, (secret) => (secret.type === TYPE ? [keyOf(secret)] : [])),
    reads(serviceaccounts),
    reads(pods),
  ],
  async reconcile(key, context): Promise<Requeue | void> {
    const { cache, client, clock, log } = context;
    const secret = cache.get(secrets, key);
    const now = clock.now();
    if (!secret || secret.metadata.deletionTimestamp || !isAutomatic(secret, context)) return undefined;
    const young = Date.parse(secret.metadata.creationTimestamp) + period - now;
    if (young > 0) return { requeueAfterMs: young };
    const since = await trackedSince(client);
    if (since === undefined || isMounted(secret, context)) return { requeueAfterMs: LOOK_AGAIN_MS };
    const verdict = judge(secret, since, period, now);
    if (verdict.kind === "wait") return { requeueAfterMs: verdict.untilMs - now };
    const { uid, resourceVersion } = secret.metadata;
    if (verdict.kind === "mark") {
      const metadata = { uid, resourceVersion, labels: { [INVALID_SINCE]: dayOf(now) } };
      await client.patch(secrets, keyIn(secret), { type: "strategic", body: { metadata } });
      return undefined;
    }
    log.info("an unused token goes", { secret: key });
    await unlessGone(client.delete(secrets, keyIn(secret), { preconditions: { uid, resourceVersion } }));
    return undefined;
  },
});

/** Those that the cluster made stand in their account; people's do not. */
function isAutomatic({ metadata: { namespace, name, annotations } }: Secret, { cache }: ControllerContext): boolean {
  const account = cache.get(serviceaccounts, `${namespace}/${annotations?.[ACCOUNT]}`);
  return account?.secrets?.some((each) => each.name === name) ?? false;
}

const isMounted = ({ metadata: { namespace, name } }: Secret, { cache }: ControllerContext): boolean =>
  cache.list(pods, namespace).some(({ spec }) => spec.volumes?.some(({ secret }) => secret?.secretName === name));

async function trackedSince(client: Client): Promise<string | undefined> {
  try {
    return (await client.get(configmaps, TRACKING)).data?.since;
  } catch (error) {
    if (isReason(error, "NotFound")) return undefined;
    throw error;
  }
}
