/**
 * What a decision of RBAC costs when 10,000 bindings are there: role bindings of 1,000 users in 100 namespaces, beside the roles of a fresh server. Told is
 * the CPU for one decision, allowed and refused. `node bench/authorization.ts`
 */
import { clusterrolebindings, clusterroles, rolebindings, roles } from "@kubets/api/generated/refs";
import type { AccessAttributes } from "@kubets/apiserver/authz/authorizer";
import { rbacAuthorizer } from "@kubets/apiserver/authz/rbac/authorizer";
import { startTestServer } from "@kubets/apiserver/testing/server";

const [USERS, NAMESPACES, BINDINGS, DECISIONS] = [1000, 100, 10_000, 200_000];
const GROUP = "rbac.authorization.k8s.io";

const { server, admin, close } = await startTestServer({ modes: ["RBAC"] });
const rules = [{ apiGroups: [""], resources: ["pods", "configmaps"], verbs: ["get", "list", "watch"] }];
await admin.create(clusterroles, { metadata: { name: "reader" }, rules });
for (let i = 0; i < BINDINGS; i++)
  await admin.create(rolebindings, {
    metadata: { namespace: "default", name: `b${i}` },
    roleRef: { apiGroup: GROUP, kind: "ClusterRole", name: "reader" },
    subjects: [
      { kind: "User", apiGroup: GROUP, name: `user-${i % USERS}` },
      { kind: "ServiceAccount", namespace: `ns-${i % NAMESPACES}`, name: "robot" },
    ],
  });
const count = async (ref: typeof rolebindings | typeof clusterrolebindings | typeof roles) =>
  (await admin.list(ref as typeof roles)).items.length;
console.log(`${await count(rolebindings)} role bindings, ${await count(clusterrolebindings)} cluster role bindings`);

const { policy } = server.context;
if (!policy) throw new Error("the server has no RBAC");
const authorizer = rbacAuthorizer(policy);
const asked = (i: number, verb: string): AccessAttributes => ({
  user: { name: `user-${i % USERS}`, groups: ["dev", "ops", "system:authenticated"] },
  verb,
  isResource: true,
  namespace: "default",
  group: "",
  version: "v1",
  resource: "pods",
  subresource: "",
  name: "p",
  path: "",
});
for (const [what, verb, wanted] of [
  ["allowed", "get", "allow"],
  ["refused", "delete", "noOpinion"],
] as const) {
  const decide = (times: number) => {
    for (let i = 0; i < times; i++) {
      const { verdict } = authorizer.authorize(asked(i, verb)) as { verdict: string };
      if (verdict !== wanted) throw new Error(`user-${i % USERS} was told ${verdict}`);
    }
  };
  decide(DECISIONS);
  const before = process.cpuUsage();
  decide(DECISIONS);
  const { user, system } = process.cpuUsage(before);
  console.log(`${what}: ${((user + system) / DECISIONS).toFixed(2)} us`);
}
await close();
