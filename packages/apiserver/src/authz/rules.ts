/** What a user may do in a namespace, as far as it can be listed: the answer of SelfSubjectRulesReview. */
import type { PolicyRule } from "@kubets/api/generated/types/rbac-v1";
import { MASTERS, type User } from "../authn/authenticator.ts";
import type { Server } from "../server-context.ts";

export function rulesFor({ policy }: Server, user: User, namespace: string) {
  const rules: PolicyRule[] = [];
  if (user.groups.includes(MASTERS))
    rules.push({ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }, { verbs: ["*"], nonResourceURLs: ["*"] });
  if (policy) for (const grant of policy.grantsOf(user, namespace)) rules.push(...(policy.roleOf(grant)?.rules ?? []));
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
    incomplete: !policy,
    ...(!policy && { evaluationError: "the authorizers of this server cannot list rules" }),
  };
}
