/** Rights of users that are the cluster's own. */
import { clusterrolebindings, clusterroles } from "@kubets/api/generated/refs";
import type { PolicyRule, Subject } from "@kubets/api/generated/types/rbac-v1";
import type { Client } from "@kubets/client/client";

export const BY = { fieldManager: "kubets", force: true };
export const RBAC_GROUP = "rbac.authorization.k8s.io";

/** Gives a part of a node the rights that it needs, as a role and a binding of its user's name. */
export async function grant(client: Client, user: string, rules: readonly PolicyRule[]): Promise<void> {
  const common = { apiVersion: `${RBAC_GROUP}/v1`, metadata: { name: user } } as const;
  await client.apply(clusterroles, { ...common, kind: "ClusterRole", rules }, BY);
  await bind(client, user, user, subject("User", user));
}

export const subject = (kind: "User" | "Group", name: string): Subject => ({ apiGroup: RBAC_GROUP, kind, name });

/** Gives somebody a role everywhere. */
export async function bind(client: Client, name: string, role: string, to: Subject): Promise<void> {
  await client.apply(
    clusterrolebindings,
    {
      apiVersion: `${RBAC_GROUP}/v1`,
      kind: "ClusterRoleBinding",
      metadata: { name },
      roleRef: { apiGroup: RBAC_GROUP, kind: "ClusterRole", name: role },
      subjects: [to],
    },
    BY,
  );
}
