/** MutatingWebhookConfigurations: servers that may change what is about to be written. */
import { define } from "../define.ts";
import { mutatingwebhookconfigurations } from "../generated/refs.ts";
import { age, column, nameColumn } from "../table.ts";
import { staticNames } from "./static-names.ts";
import { defaultWebhooks, webhooksErrors } from "./webhook.ts";

export const mutatingWebhookConfigurationResource = define(mutatingwebhookconfigurations, {
  categories: ["api-extensions"],
  countsGeneration: true,
  unconditionalUpdate: false,
  ...staticNames,
  defaults: ({ webhooks }) => {
    defaultWebhooks(webhooks);
    for (const webhook of webhooks ?? []) webhook.reinvocationPolicy ??= "Never";
  },
  validate: ({ webhooks }) => webhooksErrors(webhooks),
  validateUpdate: ({ webhooks }) => webhooksErrors(webhooks),
  table: {
    columns: [nameColumn, column("Webhooks", "integer"), column("Age")],
    cells: ({ metadata, webhooks = [] }, now) => [metadata.name, webhooks.length, age(metadata.creationTimestamp, now)],
  },
});
