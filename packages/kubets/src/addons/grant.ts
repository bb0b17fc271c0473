/** Gives a part of a node the rights that it needs, as a role and a binding of its user's name. */
import { clusterrolebindings, clusterroles } from "@kubets/api/generated/refs";
import type { PolicyRule } from "@kubets/api/generated/types/rbac-v1";
import type { Client } from "@kubets/client/client";

const OPTIONS = { fieldManager: "kubets", force: true };
const GROUP = "rbac.authorization.k8s.io";

export async function grant(client: Client, user: string, rules: readonly PolicyRule[]): Promise<void> {
  const common = { apiVersion: `${GROUP}/v1`, metadata: { name: user } } as const;
  await client.apply(clusterroles, { ...common, kind: "ClusterRole", rules }, OPTIONS);
  await client.apply(
    clusterrolebindings,
    {
      ...common,
      kind: "ClusterRoleBinding",
      roleRef: { apiGroup: GROUP, kind: "ClusterRole", name: user },
      subjects: [{ apiGroup: GROUP, kind: "User", name: user }],
    },
    OPTIONS,
  );
}
