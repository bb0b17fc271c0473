import assert from "node:assert/strict";
import { test } from "node:test";
import { clusterrolebindings, clusterroles, rolebindings, roles } from "@kubets/api/generated/refs";
import { startTestServer } from "../../testing/server.ts";

const GROUP = "rbac.authorization.k8s.io";

async function withRoleWriter(t: { after(run: () => Promise<void>): void }, ...more: object[]) {
  const { admin, user, close } = await startTestServer({ modes: ["RBAC"] });
  t.after(close);
  const key = { namespace: "default", name: "writer" };
  const rules = [
    { apiGroups: [GROUP], resources: ["roles", "rolebindings"], verbs: ["create", "update", "patch"] },
    { apiGroups: [""], resources: ["pods"], verbs: ["get"] },
    ...more,
  ];
  await admin.create(roles, { metadata: key, rules });
  await admin.create(rolebindings, {
    metadata: key,
    roleRef: { apiGroup: GROUP, kind: "Role", name: "writer" },
    subjects: [{ kind: "User", apiGroup: GROUP, name: "alice" }],
  });
  return { admin, alice: user("alice") };
}

const role = (name: string, ...verbs: string[]) => ({
  metadata: { namespace: "default", name },
  rules: [{ apiGroups: [""], resources: ["pods"], verbs }],
});

const toBob = (kind: string, name: string) => ({
  metadata: { namespace: "default", name: "bob" },
  roleRef: { apiGroup: GROUP, kind, name },
  subjects: [{ kind: "User", apiGroup: GROUP, name: "bob" }],
});

test("nobody writes a role with more than they have", async (t) => {
  const { alice } = await withRoleWriter(t);
  await alice.create(roles, role("same", "get"));
  await assert.rejects(
    alice.create(roles, role("more", "get", "delete")),
    /is attempting to grant RBAC permissions not currently held:\n\{APIGroups:\[""\], Resources:\["pods"\], Verbs:\["delete"\]\}$/,
  );
  const grown = alice.patch(roles, { namespace: "default", name: "same" }, { type: "merge", body: role("same", "*") });
  await assert.rejects(grown, /not currently held/);
});

test("nobody binds a role with more than they have, unless they may bind it", async (t) => {
  const bind = { apiGroups: [GROUP], resources: ["clusterroles"], verbs: ["bind"], resourceNames: ["view"] };
  const { alice } = await withRoleWriter(t, bind);
  await assert.rejects(alice.create(rolebindings, toBob("ClusterRole", "cluster-admin")), /not currently held/);
  await assert.rejects(alice.create(rolebindings, toBob("Role", "missing")), /"missing" not found/);
  await alice.create(rolebindings, toBob("ClusterRole", "view"));
});

test("an aggregating role needs every right", async (t) => {
  const { admin, user, close } = await startTestServer({ modes: ["RBAC"] });
  t.after(close);
  await admin.create(clusterroles, {
    metadata: { name: "w" },
    rules: [{ apiGroups: [GROUP], resources: ["clusterroles"], verbs: ["create"] }],
  });
  await admin.create(clusterrolebindings, { ...toBob("ClusterRole", "w"), metadata: { name: "w" } });
  const made = user("bob").create(clusterroles, {
    metadata: { name: "all" },
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: "b" } }] },
  });
  await assert.rejects(made, /must have cluster-admin privileges to use the aggregationRule/);
});
