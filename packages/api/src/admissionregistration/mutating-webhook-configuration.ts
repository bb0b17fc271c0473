/** MutatingWebhookConfiguration */
import { define } from "../define.ts";
import { mutatingwebhookconfigurations } from "../generated/refs.ts";

export const mutatingWebhookConfigurationResource = define(mutatingwebhookconfigurations, {
  categories: ["api-extensions"],
});
