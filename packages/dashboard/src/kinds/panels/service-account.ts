/** What pods of an account bring with them, and which they are. */
import type { ServiceAccount } from "@kubets/api/generated/types/core-v1";
import { type ComponentChild, h } from "preact";
import { Facts } from "../../parts/facts.ts";
import { LiveTable } from "../../parts/live-table.ts";
import { ObjectLink } from "../../parts/object-link.ts";
import { Section } from "../../parts/section.ts";
import type { PanelView } from "../panels.ts";

export function ServiceAccountPanel({ object }: PanelView<ServiceAccount>): ComponentChild {
  const { metadata, secrets = [], imagePullSecrets = [], automountServiceAccountToken } = object;
  const { namespace, name } = metadata;
  const links = (refs: readonly { readonly name?: string }[]) =>
    refs.map((ref) =>
      h("div", { key: ref.name }, h(ObjectLink, { to: { kind: "Secret", name: ref.name }, namespace })),
    );
  return [
    h(
      Section,
      { key: "account", title: "Account" },
      h(Facts, {
        of: {
          "User name": `system:serviceaccount:${namespace}:${name}`,
          "Token in pods": automountServiceAccountToken === false ? "no, unless they ask for it" : "yes",
          "Secrets for images": links(imagePullSecrets),
          Secrets: links(secrets),
        },
      }),
    ),
    h(LiveTable, { key: "pods", resource: "pods", namespace, fieldSelector: `spec.serviceAccountName=${name}` }),
  ];
}
