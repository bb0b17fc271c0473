/**
 * What a fresh server makes for itself before it is ready. The objects are as a client would send them: defaults, identity and status come
 * from the road of any write. What depends on the server's options (the service `kubernetes`, its address, the first ServiceCIDR) is
 * made by the server.
 */
import { componentRoles } from "./component-roles.ts";
import { controllerRoles, rolesByFeature } from "./controller-roles.ts";
import { controllerBinding, roleBindings } from "./role-bindings.ts";
import { userRoles } from "./user-roles.ts";

export { builtInApiServices, localApiService } from "./api-services.ts";
export { flowSchemas, priorityLevels } from "./flow-control.ts";
export { namespacedRoleBindings, namespacedRoles } from "./namespaced-roles.ts";
export { systemNamespaces, systemPriorityClasses } from "./namespaces.ts";

export const clusterRoles = [...userRoles, ...componentRoles, ...controllerRoles];
export { roleBindings };

/** All roles and bindings of a server with some features. */
export function rolesWith(isEnabled: (feature: string) => boolean) {
  const more = Object.entries(rolesByFeature).flatMap(([feature, roles]) => (isEnabled(feature) ? roles : []));
  const nameOf = (each: (typeof clusterRoles)[number]) => each.metadata?.name;
  const added = more.filter((each) => !clusterRoles.some((role) => nameOf(role) === nameOf(each)));
  return {
    roles: [
      ...clusterRoles.map((role) => {
        const rules = more.filter((each) => nameOf(each) === nameOf(role)).flatMap((each) => each.rules ?? []);
        return rules.length ? { ...role, rules: [...(role.rules ?? []), ...rules] } : role;
      }),
      ...added,
    ],
    bindings: [...roleBindings, ...added.map(controllerBinding)],
  };
}
