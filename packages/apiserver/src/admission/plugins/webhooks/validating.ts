/** Without it an organisation's own rules would be advice. All webhooks that a write concerns are asked at once, and each may refuse it. */
import { validatingwebhookconfigurations } from "@kubets/api/generated/refs";
import type { ResourceDefinition } from "@kubets/api/resource";
import type { WebhookUsers } from "../../../webhooks/webhook-users.ts";
import type { PluginConfiguration } from "../../configuration.ts";
import { webhookConfiguration } from "../../manifests/configuration.ts";
import { type Reviewed, review } from "../../match/reviewed.ts";
import type { AdmissionContext, AdmissionPlugin, AdmissionRequest } from "../../plugin.ts";
import { ask, CallFailure, failed } from "./ask.ts";
import { isAsked } from "./is-asked.ts";
import { type ConcernedHook, WebhookRegistry } from "./registry.ts";

const NAME = "ValidatingAdmissionWebhook";

export function validatingAdmissionWebhook(given?: PluginConfiguration): AdmissionPlugin {
  const { manifests, users } = webhookConfiguration(NAME, given, validatingwebhookconfigurations);
  let registry: WebhookRegistry | undefined;
  let unfollow: (() => void) | undefined;
  return {
    name: NAME,
    start(context) {
      const webhooks = new WebhookRegistry(context.served, validatingwebhookconfigurations);
      unfollow = manifests?.follow(context, (found) =>
        webhooks.useManifests(found.of(validatingwebhookconfigurations)),
      );
      registry = webhooks;
    },
    close: () => unfollow?.(),
    isFlexible: true,
    handles: (operation, resource, subresource) =>
      registry !== undefined &&
      (registry.blindness.concerns(resource) || registry.byAction.of(operation, resource, subresource).length > 0),
    async validate(request, context) {
      registry?.blindness.check(request);
      const shown = new Map<ResourceDefinition, Reviewed>();
      const asked: { concerned: ConcernedHook; reviewed: Reviewed }[] = [];
      for (const concerned of registry?.byAction.of(request.operation, request.resource, request.subresource) ?? []) {
        const { target } = concerned;
        if (!(await isAsked(concerned, request, false, context))) continue;
        let reviewed = shown.get(target);
        if (!reviewed) shown.set(target, (reviewed = await review(request, target)));
        asked.push({ concerned, reviewed });
      }
      const outcomes = await Promise.allSettled(
        asked.map(({ concerned, reviewed }, i) => judge(concerned, request, reviewed, i, context, users)),
      );
      const refused = outcomes.find((outcome) => outcome.status === "rejected");
      if (refused) throw refused.reason;
    },
  };
}

async function judge(
  concerned: ConcernedHook,
  request: AdmissionRequest,
  reviewed: Reviewed,
  index: number,
  context: AdmissionContext,
  users: WebhookUsers | undefined,
): Promise<void> {
  const { name } = concerned.hook.spec;
  const began = performance.now();
  try {
    await ask(concerned, request, reviewed, false, context, users);
  } catch (error) {
    if (!(error instanceof CallFailure)) throw error;
    failed(concerned, request, false, began, context, error);
    request.annotate(`failed-open.validating.webhook.admission.k8s.io/round_0_index_${index}`, name);
  }
}
