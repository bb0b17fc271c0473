/** What parts of the cluster may do in kube-system and kube-public alone, and who they are. */
import { boundTo, namespacedRole, recordEvents, rule, serviceAccount, user } from "./rules.ts";

export const namespacedRoles = [
  namespacedRole("kube-public", "system:controller:bootstrap-signer", [
    rule("get,list,watch", "", "configmaps"),
    rule("update", "", "configmaps", "cluster-info"),
    recordEvents,
  ]),
  namespacedRole("kube-system", "extension-apiserver-authentication-reader", [
    rule("get,list,watch", "", "configmaps", "extension-apiserver-authentication"),
  ]),
  namespacedRole("kube-system", "system::leader-locking-kube-controller-manager", [
    rule("create,get,list,update,watch", "coordination.k8s.io", "leases"),
    rule("create,get,list,update,watch", "coordination.k8s.io", "leasecandidates"),
  ]),
  namespacedRole("kube-system", "system::leader-locking-kube-scheduler", [
    rule("create,get,list,update,watch", "coordination.k8s.io", "leases"),
    rule("create,get,list,update,watch", "coordination.k8s.io", "leasecandidates"),
  ]),
  namespacedRole("kube-system", "system:controller:bootstrap-signer", [rule("get,list,watch", "", "secrets")]),
  namespacedRole("kube-system", "system:controller:cloud-provider", [rule("create,get,list,watch", "", "configmaps")]),
  namespacedRole("kube-system", "system:controller:token-cleaner", [
    rule("delete,get,list,watch", "", "secrets"),
    recordEvents,
  ]),
];

export const namespacedRoleBindings = [
  boundTo(
    {
      namespace: "kube-public",
      name: "system:controller:bootstrap-signer",
      role: "system:controller:bootstrap-signer",
    },
    serviceAccount("bootstrap-signer"),
  ),
  boundTo(
    {
      namespace: "kube-system",
      name: "system::extension-apiserver-authentication-reader",
      role: "extension-apiserver-authentication-reader",
    },
    user("system:kube-controller-manager"),
    user("system:kube-scheduler"),
  ),
  boundTo(
    {
      namespace: "kube-system",
      name: "system::leader-locking-kube-controller-manager",
      role: "system::leader-locking-kube-controller-manager",
    },
    user("system:kube-controller-manager"),
    serviceAccount("kube-controller-manager"),
    serviceAccount("leader-election-controller"),
  ),
  boundTo(
    {
      namespace: "kube-system",
      name: "system::leader-locking-kube-scheduler",
      role: "system::leader-locking-kube-scheduler",
    },
    user("system:kube-scheduler"),
    serviceAccount("kube-scheduler"),
  ),
  boundTo(
    {
      namespace: "kube-system",
      name: "system:controller:bootstrap-signer",
      role: "system:controller:bootstrap-signer",
    },
    serviceAccount("bootstrap-signer"),
  ),
  boundTo(
    { namespace: "kube-system", name: "system:controller:cloud-provider", role: "system:controller:cloud-provider" },
    serviceAccount("cloud-provider"),
  ),
  boundTo(
    { namespace: "kube-system", name: "system:controller:token-cleaner", role: "system:controller:token-cleaner" },
    serviceAccount("token-cleaner"),
  ),
];
