/** ValidatingWebhookConfigurations: servers that may refuse what is about to be written. */
import { define } from "../define.ts";
import { validatingwebhookconfigurations } from "../generated/refs.ts";
import { age, column, nameColumn } from "../table.ts";
import { staticNames } from "./static-names.ts";
import { defaultWebhooks, webhooksErrors } from "./webhook.ts";

export const validatingWebhookConfigurationResource = define(validatingwebhookconfigurations, {
  categories: ["api-extensions"],
  countsGeneration: true,
  unconditionalUpdate: false,
  ...staticNames,
  defaults: ({ webhooks }) => defaultWebhooks(webhooks),
  validate: ({ webhooks }) => webhooksErrors(webhooks),
  validateUpdate: ({ webhooks }) => webhooksErrors(webhooks),
  table: {
    columns: [nameColumn, column("Webhooks", "integer"), column("Age")],
    cells: ({ metadata, webhooks = [] }, now) => [metadata.name, webhooks.length, age(metadata.creationTimestamp, now)],
  },
});
