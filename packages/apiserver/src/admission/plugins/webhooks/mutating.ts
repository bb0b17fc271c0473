/**
 * Without it nobody but the server could fill in what objects lack. The webhooks that a write concerns are asked one after the other, each about what
 * those before it made of the object; their patches go into it.
 */
import { mutatingwebhookconfigurations } from "@kubets/api/generated/refs";
import type { PlainObject } from "@kubets/api/meta";
import { internalError } from "@kubets/machinery";
import { deepEqual } from "@kubets/machinery/deep-equal";
import { parseJson, stringifyJson } from "@kubets/machinery/json";
import { applyJsonPatch } from "@kubets/machinery/json-patch";
import type { ReadonlyJson } from "@kubets/machinery/json-value";
import type { WebhookUsers } from "../../../webhooks/webhook-users.ts";
import type { PluginConfiguration } from "../../configuration.ts";
import { webhookConfiguration } from "../../manifests/configuration.ts";
import { putBack, type Reviewed, review } from "../../match/reviewed.ts";
import type { AdmissionContext, AdmissionPlugin, AdmissionRequest } from "../../plugin.ts";
import type { ReviewResponse } from "./admission-review.ts";
import { ask, CallFailure, failed } from "./ask.ts";
import { isAsked } from "./is-asked.ts";
import { type ConcernedHook, WebhookRegistry } from "./registry.ts";

const NAME = "MutatingAdmissionWebhook";

export function mutatingAdmissionWebhook(given?: PluginConfiguration): AdmissionPlugin {
  const { manifests, users } = webhookConfiguration(NAME, given, mutatingwebhookconfigurations);
  let registry: WebhookRegistry | undefined;
  let unfollow: (() => void) | undefined;
  return {
    name: NAME,
    start(context) {
      const webhooks = new WebhookRegistry(context.served, mutatingwebhookconfigurations);
      unfollow = manifests?.follow(context, (found) => webhooks.useManifests(found.of(mutatingwebhookconfigurations)));
      registry = webhooks;
    },
    close: () => unfollow?.(),
    isFlexible: true,
    handles: (operation, resource, subresource) =>
      registry !== undefined &&
      (registry.blindness.concerns(resource) || registry.byAction.of(operation, resource, subresource).length > 0),
    async mutate(request, context) {
      registry?.blindness.check(request);
      const turns = request.rounds.turnsOf(NAME);
      turns.begin(request.object);
      const concerned = registry?.byAction.of(request.operation, request.resource, request.subresource) ?? [];
      for (const [index, each] of concerned.entries()) {
        const { hook, target } = each;
        if (!(await isAsked(each, request, true, context)) || !turns.isDue(hook.id)) continue;
        const changed = await turn(each, request, await review(request, target), index, context, users);
        turns.had(hook.id, { changed, wantsAnother: hook.spec.reinvocationPolicy === "IfNeeded" });
      }
      turns.end(request.object);
    },
  };
}

/** Whether the webhook changed the object. */
async function turn(
  concerned: ConcernedHook,
  request: AdmissionRequest,
  reviewed: Reviewed,
  index: number,
  context: AdmissionContext,
  users: WebhookUsers | undefined,
): Promise<boolean> {
  const { hook, target } = concerned;
  const { name } = hook.spec;
  const place = `webhook.admission.k8s.io/round_${request.rounds.isSecond ? 1 : 0}_index_${index}`;
  const told = { configuration: hook.configuration, webhook: name };
  const began = performance.now();
  try {
    const response = await ask(concerned, request, reviewed, true, context, users);
    const patch = patchOf(name, response);
    const patched = patch.length > 0 ? patchedBy(patch, name, reviewed) : undefined;
    const changed = patched && !deepEqual(reviewed.object, patched) ? patched : undefined;
    if (patched)
      request.annotate(`patch.${place}`, stringifyJson({ ...told, patch, patchType: "JSONPatch" }), "Request");
    request.annotate(`mutation.${place}`, JSON.stringify({ ...told, mutated: changed !== undefined }));
    if (changed) await putBack(request, target, changed);
    return changed !== undefined;
  } catch (error) {
    if (!(error instanceof CallFailure)) throw error;
    failed(concerned, request, true, began, context, error);
    request.annotate(`failed-open.mutation.${place}`, name);
    return false;
  }
}

/** The operations of an answer. */
function patchOf(webhook: string, { patch, patchType }: ReviewResponse): readonly ReadonlyJson[] {
  if (!patch) return [];
  if (patchType !== "JSONPatch") throw new CallFailure(webhook, `unsupported patch type ${JSON.stringify(patchType)}`);
  try {
    return (parseJson(Buffer.from(patch, "base64")) as ReadonlyJson[] | null) ?? [];
  } catch (error) {
    throw internalError(error);
  }
}

function patchedBy(patch: readonly ReadonlyJson[], webhook: string, { object }: Reviewed): PlainObject {
  if (!object)
    throw internalError(
      new Error(
        `admission webhook ${JSON.stringify(webhook)} attempted to modify the object, which is not supported for this operation`,
      ),
    );
  try {
    return applyJsonPatch(object, patch) as PlainObject;
  } catch (error) {
    throw internalError(error);
  }
}
