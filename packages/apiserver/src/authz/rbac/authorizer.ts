/** Role-based access control: what the roles that were bound to the user, or to a group of theirs, allow. It never denies; it has no opinion. */
import type { Authorizer } from "../authorizer.ts";
import { NO_OPINION } from "../authorizer.ts";
import type { Grant, RbacPolicy } from "./policy.ts";

export function rbacAuthorizer(policy: RbacPolicy): Authorizer {
  return {
    name: "RBAC",
    authorize(attributes) {
      let missing: string[] | undefined;
      for (const grant of policy.grantsOf(attributes.user, attributes.namespace)) {
        const role = policy.roleOf(grant);
        if (!role) (missing ??= []).push(notFoundText(grant));
        else if (role.check(attributes)) return { verdict: "allow", why: reason(grant) };
      }
      return missing
        ? { verdict: "noOpinion", why: `RBAC: ${missing.length === 1 ? missing[0] : `[${missing.join(", ")}]`}` }
        : NO_OPINION;
    },
  };
}

const notFoundText = ({ role }: Grant) =>
  `${role.kind.toLowerCase()}.rbac.authorization.k8s.io ${JSON.stringify(role.name)} not found`;

function reason({ binding, namespace, role, subject }: Grant): string {
  const kind = namespace ? "RoleBinding" : "ClusterRoleBinding";
  const where = namespace ? `${binding}/${namespace}` : binding;
  const who = subject.kind === "ServiceAccount" ? `${subject.name}/${subject.namespace || namespace}` : subject.name;
  return `RBAC: allowed by ${kind} ${JSON.stringify(where)} of ${role.kind} ${JSON.stringify(role.name)} to ${subject.kind} ${JSON.stringify(who)}`;
}
