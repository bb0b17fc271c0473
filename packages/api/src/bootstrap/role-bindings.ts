/** Who has the cluster roles that a fresh server holds. */
import { controllerRoles } from "./controller-roles.ts";
import { bound, group, serviceAccount, user } from "./rules.ts";

const CONTROLLER = "system:controller:";

export function controllerBinding({ metadata }: (typeof controllerRoles)[number]) {
  const name = metadata?.name ?? "";
  return bound(name, serviceAccount(name.slice(CONTROLLER.length)));
}

export const roleBindings = [
  bound("cluster-admin", group("system:masters")),
  bound("system:basic-user", group("system:authenticated")),
  bound("system:discovery", group("system:authenticated")),
  bound("system:kube-controller-manager", user("system:kube-controller-manager")),
  bound("system:kube-dns", serviceAccount("kube-dns")),
  bound("system:kube-scheduler", user("system:kube-scheduler")),
  bound("system:monitoring", group("system:monitoring")),
  // Nodes are authorized one by one; this role is bound to nobody.
  bound("system:node"),
  bound("system:node-proxier", user("system:kube-proxy")),
  bound("system:public-info-viewer", group("system:authenticated"), group("system:unauthenticated")),
  bound("system:service-account-issuer-discovery", group("system:serviceaccounts")),
  bound("system:volume-scheduler", user("system:kube-scheduler")),
  ...controllerRoles.map(controllerBinding),
];
