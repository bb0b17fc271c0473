/** What a role allows. */
import type { ClusterRole } from "@kubets/api/generated/types/rbac-v1";
import { type ComponentChild, h } from "preact";
import { Grid } from "../../parts/grid.ts";
import { Section } from "../../parts/section.ts";
import { selectorText } from "../../reckoning/selector-text.ts";
import type { PanelView } from "../panels.ts";

/** The role of a namespace has no more. */
export function RolePanel({ object: { rules, aggregationRule } }: PanelView<ClusterRole>): ComponentChild {
  const selectors = aggregationRule?.clusterRoleSelectors?.map(selectorText);
  return h(
    Section,
    { title: "Allows" },
    selectors && h("p", { class: "quiet" }, `Together, what ClusterRoles with ${selectors.join(" or ")} allow.`),
    // None comes as null.
    rules?.length
      ? h(Grid, {
          titles: ["Resources", "Groups", "Names", "Verbs"],
          rows: rules.map(({ resources, nonResourceURLs, apiGroups, resourceNames, verbs }) => [
            (resources ?? nonResourceURLs ?? []).join(", "),
            apiGroups?.map((group) => group || "core").join(", "),
            resourceNames?.join(", "),
            verbs.join(", "),
          ]),
        })
      : h("p", { class: "quiet" }, "Nothing."),
  );
}
