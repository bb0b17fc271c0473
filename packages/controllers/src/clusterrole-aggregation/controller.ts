/**
 * Gathers the rules of other cluster roles into those that ask for it by labels.
 * Owns: the rules of roles with an aggregationRule. Watches: cluster roles.
 */
import { clusterroles } from "@kubets/api/generated/refs";
import type { ClusterRole, PolicyRule } from "@kubets/api/generated/types/rbac-v1";
import { type Controller, onRelated } from "@kubets/client";
import { deepEqual, labelSelectorOf } from "@kubets/machinery";

/** Each rule once, from the selected roles in order of their names. */
function aggregate(role: ClusterRole, all: readonly ClusterRole[]): PolicyRule[] {
  const rules: PolicyRule[] = [];
  const sorted = all.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  for (const selector of (role.aggregationRule?.clusterRoleSelectors ?? []).map(labelSelectorOf))
    for (const { metadata, rules: theirs } of sorted) {
      if (metadata.name === role.metadata.name || !selector.matches(metadata.labels)) continue;
      for (const rule of theirs ?? []) if (!rules.some((each) => deepEqual(each, rule))) rules.push(rule);
    }
  return rules;
}

export const clusterRoleAggregation = (): Controller => ({
  name: "clusterrole-aggregation",
  watches: [
    onRelated(clusterroles, (_, __, { cache }) =>
      cache
        .list(clusterroles)
        .filter(({ aggregationRule }) => aggregationRule)
        .map(({ metadata }) => metadata.name),
    ),
  ],
  async reconcile(name, { cache, client }) {
    const role = cache.get(clusterroles, name);
    if (!role?.aggregationRule) return;
    const rules = aggregate(role, cache.list(clusterroles));
    if (!deepEqual(rules, role.rules ?? [])) await client.update(clusterroles, { ...role, rules });
  },
});
