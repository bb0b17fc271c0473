/** What a user may do in a namespace, as far as it can be listed: the answer of SelfSubjectRulesReview. */
import type { PolicyRule } from "@kubets/api/generated/types/rbac-v1";
import { MASTERS, type User } from "../authn/authenticator.ts";
import type { Server } from "../server-context.ts";

const EVERYTHING: readonly PolicyRule[] = [
  { verbs: ["*"], apiGroups: ["*"], resources: ["*"] },
  { verbs: ["*"], nonResourceURLs: ["*"] },
];

type Parts = Pick<Server, "policy" | "authorizers">;

export function rulesFor({ policy, authorizers }: Parts, user: User, namespace: string) {
  const all = user.groups.includes(MASTERS) || authorizers.allowsAll;
  const rules: PolicyRule[] = all ? [...EVERYTHING] : [];
  if (policy) for (const grant of policy.grantsOf(user, namespace)) rules.push(...(policy.roleOf(grant)?.rules ?? []));
  const missing = authorizers.unlistable;
  return {
    resourceRules: rules
      .filter((r) => r.resources?.length)
      .map(({ verbs, apiGroups, resources, resourceNames }) => ({
        verbs,
        apiGroups,
        resources,
        ...(resourceNames && { resourceNames }),
      })),
    nonResourceRules: rules
      .filter((r) => r.nonResourceURLs?.length)
      .map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs })),
    incomplete: missing.length > 0,
    ...(missing.length && { evaluationError: missing.join(", ") }),
  };
}
