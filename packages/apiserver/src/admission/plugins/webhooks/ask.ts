/** Asks one webhook about one request: is it concerned, what does it say, and what is to be made of a call that fails. */
import type { PlainObject } from "@kubets/api/meta";
import { badRequest, internalError, StatusError } from "@kubets/machinery";
import type { AskedHook } from "../../../metrics/admission-metrics.ts";
import type { WebhookUsers } from "../../../webhooks/webhook-users.ts";
import type { Reviewed } from "../../match/reviewed.ts";
import type { AdmissionContext, AdmissionRequest } from "../../plugin.ts";
import { admissionReview, REVIEW_VERSIONS, type ReviewResponse, responseOf } from "./admission-review.ts";
import type { ConcernedHook } from "./registry.ts";

/** A webhook that could not be asked, or did not answer as it should. */
export class CallFailure extends Error {
  constructor(webhook: string, why: string, cause?: unknown) {
    super(`failed calling webhook ${JSON.stringify(webhook)}: ${why}`, { cause });
  }
}

const DEFAULT_TIMEOUT_SECONDS = 10;
const WITHOUT_EFFECTS = ["None", "NoneOnDryRun"];

/** What the webhook said; throws its refusal, or a CallFailure. */
export async function ask(
  { hook, target }: ConcernedHook,
  request: AdmissionRequest,
  reviewed: Reviewed,
  isMutating: boolean,
  { webhooks, random, metrics }: AdmissionContext,
  users: WebhookUsers | undefined,
): Promise<ReviewResponse> {
  const { name, sideEffects, admissionReviewVersions, clientConfig, timeoutSeconds } = hook.spec;
  if (request.dryRun && !WITHOUT_EFFECTS.includes(sideEffects))
    throw badRequest(`admission webhook ${JSON.stringify(name)} does not support dry run`);
  const version = admissionReviewVersions.find((v) => REVIEW_VERSIONS.includes(v)) ?? "v1";
  const began = performance.now();
  const uid = random.uuid();
  const review = admissionReview(uid, version, request, target, reviewed);
  const timeoutMs = (timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS) * 1000;
  const from = { deadline: request.deadline, users };
  const answer = await webhooks.call(clientConfig, review, timeoutMs, from).catch((error: Error) => {
    throw new CallFailure(name, `failed to call webhook: ${error.message}`, error);
  });
  const response = checked(name, () => responseOf(answer, uid, version, isMutating));
  for (const [key, value] of Object.entries(response.auditAnnotations ?? {})) request.annotate(`${name}/${key}`, value);
  for (const warning of response.warnings ?? []) request.warn(warning);
  const refused = response.allowed ? undefined : refusal(name, response.status);
  const seconds = (performance.now() - began) / 1000;
  metrics.webhook(
    askedHook(hook.spec, request, isMutating),
    seconds,
    refused ? (response.status?.code ?? 0) : OK,
    refused,
  );
  if (refused) throw refused;
  return response;
}

const OK = 200;

export const askedHook = (
  { name }: { readonly name: string },
  { operation }: AdmissionRequest,
  isMutating: boolean,
): AskedHook => ({
  name,
  type: isMutating ? "admit" : "validating",
  operation,
});

/**
 * Tells of a call that failed: the server's own part in it was wrong, or the webhook's. Whether the request goes on without it is its failure policy's; one that
 * nobody waits for any more does not.
 */
export function failed(
  { hook: { spec } }: ConcernedHook,
  request: AdmissionRequest,
  isMutating: boolean,
  began: number,
  { log, metrics }: AdmissionContext,
  error: CallFailure,
): void {
  const isPassedOver = spec.failurePolicy === "Ignore";
  const seconds = (performance.now() - began) / 1000;
  metrics.webhookFailed(askedHook(spec, request, isMutating), seconds, isPassedOver, "calling_webhook_error");
  if (!isPassedOver || request.deadline?.signal.aborted) throw internalError(error);
  log.warn("a webhook failed and is passed over", { webhook: spec.name, error: error.message });
}

function checked(name: string, read: () => ReviewResponse): ReviewResponse {
  try {
    return read();
  } catch (error) {
    throw new CallFailure(name, `received invalid webhook response: ${(error as Error).message}`, error);
  }
}

function refusal(webhook: string, status: ReviewResponse["status"] = {}): StatusError {
  const { code = 0, message, reason } = status;
  const denied = `admission webhook ${JSON.stringify(webhook)} denied the request`;
  const why = message || reason;
  const { metadata: _, kind: _kind, apiVersion: _version, status: _status, ...rest } = status as PlainObject;
  return new StatusError({
    ...rest,
    code: code < 400 ? 400 : code,
    message: why ? `${denied}: ${why}` : `${denied} without explanation`,
  });
}
