/**
 * Without it who may write roles could write themselves any right, and who may bind could give themselves any role. Nobody grants what they do
 * not have, unless they were given `escalate` on roles or `bind` on the role. It stands in the road of writes as a plugin that cannot be switched off.
 */
import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  RoleRef,
} from "@kubets/api/generated/types/rbac-v1";
import { deepEqual, forbidden, notFound } from "@kubets/machinery";
import type { AdmissionContext, AdmissionPlugin, AdmissionRequest } from "../../admission/plugin.ts";
import { refuse } from "../../admission/request.ts";
import { MASTERS, type User } from "../../authn/authenticator.ts";
import { describe, goList, notCovered } from "./coverage.ts";
import type { RbacPolicy } from "./policy.ts";

const GROUP = "rbac.authorization.k8s.io";
const ROLES = new Set(["roles", "clusterroles"]);
const BINDINGS = new Set(["rolebindings", "clusterrolebindings"]);

const EVERYTHING: readonly PolicyRule[] = [
  { apiGroups: ["*"], resources: ["*"], verbs: ["*"] },
  { nonResourceURLs: ["*"], verbs: ["*"] },
];

type AnyRole = Role | ClusterRole;
type AnyBinding = RoleBinding | ClusterRoleBinding;

export function rbacEscalation(policy: RbacPolicy): AdmissionPlugin {
  return {
    name: "RBACEscalation",
    handles: (operation, { group, resource }, subresource) =>
      (operation === "CREATE" || operation === "UPDATE") &&
      group === GROUP &&
      subresource === "" &&
      (ROLES.has(resource) || BINDINGS.has(resource)),
    mutate(request, context) {
      if (request.user.groups.includes(MASTERS)) return undefined;
      return ROLES.has(request.resource.resource)
        ? checkRole(policy, request, context)
        : checkBinding(policy, request, context);
    },
  };
}

async function checkRole(policy: RbacPolicy, request: AdmissionRequest, context: AdmissionContext): Promise<void> {
  const role = request.object as unknown as AnyRole;
  const old = request.old as AnyRole | undefined;
  const { aggregationRule } = role as ClusterRole;
  if (
    old &&
    deepEqual(role.rules ?? [], old.rules ?? []) &&
    deepEqual(aggregationRule, (old as ClusterRole).aggregationRule)
  )
    return;
  if (await allows(request, context, "escalate", request.resource.resource, request.pathName)) return;
  if (aggregationRule && missing(policy, request, EVERYTHING).length)
    throw refuse(request, "must have cluster-admin privileges to use the aggregationRule");
  confirm(policy, request, role.rules ?? []);
}

async function checkBinding(policy: RbacPolicy, request: AdmissionRequest, context: AdmissionContext): Promise<void> {
  const binding = request.object as unknown as AnyBinding;
  const old = request.old as AnyBinding | undefined;
  if (old && deepEqual(binding.roleRef, old.roleRef) && deepEqual(binding.subjects ?? [], old.subjects ?? [])) return;
  const { roleRef } = binding;
  const resource = roleRef.kind === "ClusterRole" ? "clusterroles" : "roles";
  if (await allows(request, context, "bind", resource, roleRef.name)) return;
  confirm(policy, request, rulesOf(policy, request, roleRef));
}

function rulesOf(policy: RbacPolicy, request: AdmissionRequest, role: RoleRef): readonly PolicyRule[] {
  const found = policy.roleOf({ role, namespace: request.namespace });
  if (!found) throw notFound({ group: GROUP, resource: request.resource.resource }, role.name);
  return found.rules;
}

function confirm(policy: RbacPolicy, request: AdmissionRequest, wanted: readonly PolicyRule[]): void {
  const lacking = missing(policy, request, wanted);
  if (lacking.length === 0) return;
  const { name, groups } = request.user;
  const why = `user ${JSON.stringify(name)} (groups=${goList(groups)}) is attempting to grant RBAC permissions not currently held:\n${describe(lacking).join("\n")}`;
  throw forbidden({ group: GROUP, resource: request.resource.resource }, request.name, why);
}

const missing = (policy: RbacPolicy, { user, namespace }: AdmissionRequest, wanted: readonly PolicyRule[]) =>
  notCovered(heldBy(policy, user, namespace), wanted);

const heldBy = (policy: RbacPolicy, user: User, namespace: string): PolicyRule[] =>
  [...policy.grantsOf(user, namespace)].flatMap((grant) => policy.roleOf(grant)?.rules ?? []);

async function allows(
  { user, namespace }: AdmissionRequest,
  { authorize }: AdmissionContext,
  verb: string,
  resource: string,
  name: string,
) {
  const asked = {
    user,
    verb,
    isResource: true,
    namespace,
    group: GROUP,
    version: "v1",
    resource,
    subresource: "",
    name,
    path: "",
  };
  return (await authorize(asked)).verdict === "allow";
}
