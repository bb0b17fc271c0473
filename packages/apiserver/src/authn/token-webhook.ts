/**
 * Tokens that a server outside knows (--authentication-token-webhook-config-file): it is asked by TokenReview, and its answers hold for a while, also
 * those that say no. An answer that cannot be had is no answer: the request is refused, and the next one asks again.
 */
import { createHash } from "node:crypto";
import { type Clock, unauthorized } from "@kubets/machinery";
import { LruCache } from "@kubets/machinery/lru";
import type { Webhook } from "../webhook/webhook.ts";
import type { Authenticator, User } from "./authenticator.ts";
import { bearerToken } from "./chain.ts";
import type { AuthenticationMetrics, CacheOutcome } from "./metrics.ts";

interface TokenWebhookOptions {
  readonly webhook: Pick<Webhook, "post">;
  readonly version: string;
  readonly cacheMs: number;
  readonly clock: Clock;
  /** Whom tokens are for when nobody says. */
  readonly audiences: readonly string[];
  readonly metrics?: AuthenticationMetrics;
}

interface ReviewStatus {
  readonly authenticated?: boolean;
  readonly error?: string;
  readonly audiences?: readonly string[];
  readonly user?: {
    readonly username?: string;
    readonly uid?: string;
    readonly groups?: readonly string[];
    readonly extra?: Readonly<Record<string, readonly string[]>>;
  };
}

const REMEMBERED = 4096;
/** Of one question, which all who come with the same token share: none of them ends it, whenever they themselves give up. */
const LONGEST_MS = 30_000;

export function tokenWebhookAuthenticator(options: TokenWebhookOptions): Authenticator {
  const { webhook, version, cacheMs, clock, metrics } = options;
  const answers = new LruCache<string, { status: ReviewStatus; until: number }>(REMEMBERED);
  const asked = new Map<string, Promise<ReviewStatus>>();

  const ask = async (token: string, audiences: readonly string[], key: string): Promise<ReviewStatus> => {
    const review = {
      kind: "TokenReview",
      apiVersion: `authentication.k8s.io/${version}`,
      metadata: { creationTimestamp: null },
      spec: { token, ...(audiences.length && { audiences }) },
      status: { user: {} },
    };
    const late = new AbortController();
    const timer = clock.after(LONGEST_MS, () => late.abort());
    const { status = {} } = (await webhook.post(review, late.signal).finally(() => timer.cancel())) as {
      status?: ReviewStatus;
    };
    answers.set(key, { status, until: clock.monotonic() + cacheMs });
    return status;
  };

  return {
    name: "token webhook",
    authenticate(credentials) {
      const token = bearerToken(credentials);
      if (!token) return undefined;
      const wanted = credentials.audiences ?? options.audiences;
      // Tokens are not kept: who reads the memory finds their hashes.
      const key = createHash("sha256")
        .update(JSON.stringify([token, wanted]))
        .digest("base64");
      const known = answers.get(key);
      const isKnown = known !== undefined && known.until > clock.monotonic();
      const began = performance.now();
      const told = (outcome: CacheOutcome) => metrics?.tokenCache(outcome, (performance.now() - began) / 1000);
      if (isKnown) {
        told("hit");
        return userOf(known.status, wanted);
      }
      let asking = asked.get(key);
      if (!asking) {
        asked.set(key, (asking = ask(token, wanted, key).finally(() => asked.delete(key))));
        metrics?.tokenFetching();
        asking.then(
          () => metrics?.tokenFetched(true),
          () => metrics?.tokenFetched(false),
        );
      }
      return asking.then(
        (status) => {
          told("miss");
          return userOf(status, wanted);
        },
        (error: unknown) => {
          told("miss");
          throw Object.assign(unauthorized(), { cause: (error as Error).message });
        },
      );
    },
  };
}

function userOf({ authenticated, user, error, audiences }: ReviewStatus, wanted: readonly string[]): User | undefined {
  if (error) throw Object.assign(unauthorized(), { cause: error });
  if (!authenticated || !user?.username) return undefined;
  const { username: name, uid, groups = [], extra } = user;
  // One that says nothing of audiences is for whoever configured it: this server.
  const matching = audiences?.length ? wanted.filter((audience) => audiences.includes(audience)) : wanted;
  if (wanted.length && matching.length === 0) return undefined;
  return {
    name,
    groups,
    ...(uid && { uid }),
    ...(extra && { extra }),
    ...(matching.length && { audiences: matching }),
  };
}
