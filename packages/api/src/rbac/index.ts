/** The resources of rbac.authorization.k8s.io. */
import { clusterRoleResource } from "./cluster-role.ts";
import { clusterRoleBindingResource } from "./cluster-role-binding.ts";
import { roleResource } from "./role.ts";
import { roleBindingResource } from "./role-binding.ts";

export const rbacResources = [clusterRoleBindingResource, clusterRoleResource, roleBindingResource, roleResource];
