/** What a NetworkPolicy lets through. */
import type { NetworkPolicy } from "@kubets/api/generated/types/networking-v1";
import { type ComponentChild, h } from "preact";
import { Facts } from "../../parts/facts.ts";
import { Section } from "../../parts/section.ts";
import { policyWords } from "../../reckoning/policy-words.ts";
import type { PanelView } from "../panels.ts";

export function NetworkPolicyPanel({ object: { spec } }: PanelView<NetworkPolicy>): ComponentChild {
  const { pods, ingress, egress } = policyWords(spec);
  return h(
    Section,
    { title: "Policy" },
    h(Facts, {
      of: {
        "Holds for": pods,
        "Lets in": ingress && h(Rules, { of: ingress }),
        "Lets out": egress && h(Rules, { of: egress }),
      },
    }),
  );
}

const Rules = ({ of }: { readonly of: readonly string[] }): ComponentChild =>
  of.length === 0
    ? "nothing"
    : h(
        "ul",
        { class: "plain" },
        of.map((rule, at) => h("li", { key: at }, rule)),
      );
