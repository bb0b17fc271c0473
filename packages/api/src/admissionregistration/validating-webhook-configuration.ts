/** ValidatingWebhookConfiguration */
import { define } from "../define.ts";
import { validatingwebhookconfigurations } from "../generated/refs.ts";

export const validatingWebhookConfigurationResource = define(validatingwebhookconfigurations, {
  categories: ["api-extensions"],
});
