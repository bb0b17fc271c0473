/**
 * Decisions of a server outside, asked by SubjectAccessReview. Answers hold for a while, those that allow longer than the others. When it cannot be
 * asked, the failure policy says whether that is no opinion or a refusal.
 */
import { createHash } from "node:crypto";
import type { Clock } from "@kubets/machinery";
import { LruCache } from "@kubets/machinery/lru";
import type { Webhook } from "../../webhook/webhook.ts";
import { type AccessAttributes, type Authorizer, type Decision, NO_OPINION } from "../authorizer.ts";
import type { AuthorizationMetrics } from "../metrics.ts";
import type { MatchConditions } from "./match-conditions.ts";

interface AuthorizationWebhookOptions {
  readonly name: string;
  readonly webhook: Pick<Webhook, "post">;
  readonly version: string;
  readonly authorizedMs: number;
  readonly unauthorizedMs: number;
  readonly failurePolicy: "NoOpinion" | "Deny";
  readonly clock: Clock;
  readonly metrics?: AuthorizationMetrics;
  /** Whether it is asked at all. */
  readonly conditions?: MatchConditions;
}

interface ReviewStatus {
  readonly allowed?: boolean;
  readonly denied?: boolean;
  readonly reason?: string;
}

const REMEMBERED = 8192;
/** Longer questions are not remembered: who asks could fill the memory. */
const LONGEST_REMEMBERED = 10_000;

export function webhookAuthorizer(options: AuthorizationWebhookOptions): Authorizer {
  const { name, webhook, version, clock, failurePolicy, conditions, metrics } = options;
  const failed = (error: string): Decision => ({
    verdict: failurePolicy === "Deny" ? "deny" : "noOpinion",
    why: `webhook ${name}: ${error}`,
  });
  const decisions = new LruCache<string, { decision: Decision; until: number }>(REMEMBERED);
  const ask = async (spec: object, key: string | undefined, signal: AbortSignal | undefined): Promise<Decision> => {
    const began = performance.now();
    try {
      const review = {
        kind: "SubjectAccessReview",
        apiVersion: `authorization.k8s.io/${version}`,
        metadata: { creationTimestamp: null },
        spec,
        status: { allowed: false },
      };
      const answer = await webhook.post(review, signal);
      metrics?.webhook(name, "success", began, false);
      const decision = decisionOf((answer["status"] ?? {}) as ReviewStatus);
      const holds = decision.verdict === "allow" ? options.authorizedMs : options.unauthorizedMs;
      if (key && holds > 0) decisions.set(key, { decision, until: clock.monotonic() + holds });
      return decision;
    } catch (error) {
      const isLate = (error as Error).cause instanceof DOMException;
      metrics?.webhook(name, isLate ? "timeout" : "error", began, failurePolicy !== "Deny");
      return failed((error as Error).message);
    }
  };
  const timed = (holds: MatchConditions, attributes: AccessAttributes) => {
    const began = performance.now();
    const match = holds(specOf(attributes, "v1"));
    metrics?.conditions(name, began);
    return match;
  };
  return {
    name,
    type: "Webhook",
    unlistable: "webhook authorizer does not support user rule resolution",
    authorize(attributes) {
      const match = conditions ? timed(conditions, attributes) : "matches";
      if (match === "does not match") {
        metrics?.excluded(name);
        return NO_OPINION;
      }
      if (match !== "matches") {
        metrics?.conditionFailed(name);
        return failed(match.failed);
      }
      const spec = specOf(attributes, version);
      const text = JSON.stringify(spec);
      const key = text.length <= LONGEST_REMEMBERED ? createHash("sha256").update(text).digest("base64") : undefined;
      const known = key && decisions.get(key);
      return known && known.until > clock.monotonic() ? known.decision : ask(spec, key, attributes.deadline?.signal);
    },
  };
}

/** As SubjectAccessReview has it; v1beta1 calls groups "group". */
function specOf(attributes: AccessAttributes, version: string): object {
  const {
    user,
    verb,
    isResource,
    namespace,
    group,
    version: apiVersion,
    resource,
    subresource,
    name,
    path,
  } = attributes;
  const asked = isResource
    ? {
        resourceAttributes: {
          ...(namespace && { namespace }),
          verb,
          ...(group && { group }),
          version: apiVersion,
          resource,
          ...(subresource && { subresource }),
          ...(name && { name }),
          ...(attributes.fieldSelector && { fieldSelector: { rawSelector: attributes.fieldSelector } }),
        },
      }
    : { nonResourceAttributes: { path, verb } };
  return {
    ...asked,
    user: user.name,
    ...(user.groups.length && { [version === "v1beta1" ? "group" : "groups"]: user.groups }),
    ...(user.extra && { extra: user.extra }),
    ...(user.uid && { uid: user.uid }),
  };
}

function decisionOf({ allowed, denied, reason }: ReviewStatus): Decision {
  const why = reason ? { why: reason } : {};
  if (denied && allowed)
    return { verdict: "deny", why: "webhook subject access review returned both allow and deny response" };
  if (denied) return { verdict: "deny", ...why };
  return { verdict: allowed ? "allow" : "noOpinion", ...why };
}
