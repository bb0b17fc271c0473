/** Who has a role. */
import type { RoleBinding } from "@kubets/api/generated/types/rbac-v1";
import { type ComponentChild, h } from "preact";
import { Facts } from "../../parts/facts.ts";
import { Grid } from "../../parts/grid.ts";
import { ObjectLink } from "../../parts/object-link.ts";
import { Section } from "../../parts/section.ts";
import type { PanelView } from "../panels.ts";

/** The binding for the whole cluster has no other fields. */
export function RoleBindingPanel({ object: { metadata, roleRef, subjects } }: PanelView<RoleBinding>): ComponentChild {
  const role = { apiVersion: `${roleRef.apiGroup}/v1`, kind: roleRef.kind, name: roleRef.name };
  return h(
    Section,
    { title: "Binding" },
    h(Facts, {
      of: { Role: h(ObjectLink, { to: role, namespace: metadata.namespace }, `${role.kind} ${role.name}`) },
    }),
    subjects?.length
      ? h(Grid, {
          titles: ["Kind", "Name", "Namespace"],
          rows: subjects.map(({ kind, name, namespace }) => [
            kind,
            kind === "ServiceAccount" ? h(ObjectLink, { to: { kind, name, namespace } }) : name,
            namespace,
          ]),
        })
      : h("p", { class: "quiet" }, "Nobody has it."),
  );
}
