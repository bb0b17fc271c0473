import assert from "node:assert/strict";
import { test } from "node:test";
import { clusterrolebindings, clusterroles, pods } from "@kubets/api/generated/refs";
import { startTestServer } from "../testing/server.ts";

test("who may only read runs no commands, though a WebSocket begins with a GET", async () => {
  const cluster = await startTestServer({ modes: ["RBAC"] });
  const metadata = { namespace: "default", name: "p" };
  await cluster.admin.create(pods, { metadata, spec: { containers: [{ name: "c", image: "i" }] } });
  const grant = async (name: string, verbs: readonly string[]) => {
    const rules = [{ apiGroups: [""], resources: ["pods/exec", "pods/attach", "pods/portforward", "pods/log"], verbs }];
    await cluster.admin.create(clusterroles, { metadata: { name }, rules });
    await cluster.admin.create(clusterrolebindings, {
      metadata: { name },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name }],
    });
  };
  await grant("reader", ["get"]);
  await grant("operator", ["get", "create"]);
  const ask = async (name: string, subresource: string) => {
    const transport = cluster.server.transport({ name, groups: ["system:authenticated"] });
    const path = `/api/v1/namespaces/default/pods/p/${subresource}`;
    const answer = await transport.request({ method: "GET", path, headers: {} });
    return `${answer.status} ${(JSON.parse(Buffer.from(await answer.bytes()).toString()) as { message: string }).message}`;
  };
  for (const subresource of ["exec", "attach", "portforward"]) {
    assert.equal(
      await ask("reader", subresource),
      `403 pods "p" is forbidden: User "reader" cannot create resource "pods/${subresource}" in API group "" in the namespace "default"`,
    );
    assert.equal(await ask("operator", subresource), "400 pod p does not have a host assigned");
  }
  assert.equal(await ask("reader", "log"), "400 pod p does not have a host assigned");
  await cluster.close();
});
