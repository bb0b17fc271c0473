/** Whether a webhook whose rules concern a request is asked about it: by its selectors, then by its conditions. */
import { groupResource } from "@kubets/api/resource";
import { forbidden } from "@kubets/machinery";
import { activationOf } from "../../expressions/activation.ts";
import { conditionsHold } from "../../expressions/conditions.ts";
import { areSelected } from "../../match/selectors.ts";
import type { AdmissionContext, AdmissionRequest } from "../../plugin.ts";
import { askedHook } from "./ask.ts";
import type { ConcernedHook } from "./registry.ts";

/** Throws a refusal when that cannot be told, and the webhook is not to be passed over then. */
export async function isAsked(
  { hook, target }: ConcernedHook,
  request: AdmissionRequest,
  isMutating: boolean,
  context: AdmissionContext,
): Promise<boolean> {
  if (!areSelected(hook.selectors(), request, context.view)) return false;
  if (hook.conditions.texts.length === 0) return true;
  const began = performance.now();
  const hold = await conditionsHold(hook.conditions, request, () => activationOf(request, target, context));
  const seconds = (performance.now() - began) / 1000;
  context.metrics.conditions("webhook", askedHook(hook.spec, request, isMutating), hold, seconds);
  if (typeof hold === "boolean") return hold;
  if (hook.spec.failurePolicy === "Ignore") return false;
  throw forbidden(groupResource(request.resource), request.name, hold);
}
