/** A quota: how much of what it allows is used. */
import type { ResourceQuota } from "@kubets/api/generated/types/core-v1";
import { type ComponentChild, h } from "preact";
import { Facts } from "../../parts/facts.ts";
import { QuotaMeters } from "../../parts/quota-meters.ts";
import { Section } from "../../parts/section.ts";
import { Tree } from "../../parts/tree.ts";
import type { PanelView } from "../panels.ts";

export function QuotaPanel({ object: quota }: PanelView<ResourceQuota>): ComponentChild {
  const { scopes, scopeSelector } = quota.spec;
  return h(
    Section,
    { title: "Quota" },
    h(QuotaMeters, { quota }),
    h(Facts, {
      of: { "Counts only": scopes?.join(", "), Where: scopeSelector && h(Tree, { value: scopeSelector }) },
    }),
  );
}
