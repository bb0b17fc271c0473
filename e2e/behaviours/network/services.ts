/** Services as objects: their status, and that many are deleted at once. */
import assert from "node:assert/strict";
import { services } from "@kubets/api/generated/refs";
import { behaviour } from "../behaviour.ts";
import { watching } from "../verbs.ts";

const ports = [{ name: "http", protocol: "TCP" as const, port: 80, targetPort: 80 }];

behaviour(
  "[sig-network] Services should complete a service status lifecycle [Conformance]",
  { on: "api" },
  async (t) => {
    const { client, namespace } = t;
    const key = { namespace, name: "life" };
    const labels = { behaviour: "status" };
    const path = `/api/v1/namespaces/${namespace}/services/life`;
    const watch = await watching(t, services, namespace, "behaviour=status");
    await client.create(services, { metadata: { ...key, labels }, spec: { type: "LoadBalancer", ports } });
    await watch.expect("ADDED");
    assert.equal((await client.list(services, { labelSelector: "behaviour=status" })).items.length, 1);

    const read = await t.request("GET", `${path}/status`);
    assert.deepEqual([read.status, read.json.kind, read.json.status], [200, "Service", { loadBalancer: {} }]);

    const patched = await t.request(
      "PATCH",
      `${path}/status`,
      { metadata: { annotations: { patched: "yes" } }, status: { loadBalancer: { ingress: [{ ip: "203.0.113.1" }] } } },
      { "content-type": "application/merge-patch+json" },
    );
    assert.equal(patched.status, 200, patched.text);
    await watch.expect("MODIFIED", ({ metadata, status }) => {
      const [ingress] = status.loadBalancer?.ingress ?? [];
      return metadata.annotations?.patched === "yes" && ingress?.ip === "203.0.113.1";
    });

    const conditions = [
      {
        type: "Updated",
        status: "True",
        reason: "Behaviour",
        message: "",
        lastTransitionTime: new Date().toISOString(),
      },
    ];
    await t.eventually("an update of the status without a conflict", async () => {
      const { json } = await t.request("GET", `${path}/status`);
      const answer = await t.request("PUT", `${path}/status`, { ...json, status: { ...json.status, conditions } });
      assert.ok([200, 409].includes(answer.status), answer.text);
      return answer.status === 200;
    });
    await watch.expect("MODIFIED", ({ status }) => status.conditions?.[0]?.type === "Updated");

    await client.patch(services, key, { type: "strategic", body: { metadata: { labels: { patched: "too" } } } });
    await watch.expect("MODIFIED", ({ metadata }) => metadata.labels?.patched === "too");
    await client.delete(services, key);
    await watch.expect("DELETED");
  },
);

behaviour("[sig-network] Services should delete a collection of services [Conformance]", { on: "api" }, async (t) => {
  const { client, namespace } = t;
  const make = (name: string, group: string) =>
    client.create(services, { metadata: { namespace, name, labels: { group } }, spec: { ports, selector: { name } } });
  await make("one", "go");
  await make("two", "go");
  await make("three", "stay");
  assert.equal((await client.list(services, { namespace })).items.length, 3);
  await client.deleteCollection(services, { namespace, labelSelector: "group=go" });
  await t.eventually("one service to be left", async () => {
    const { items } = await client.list(services, { namespace });
    return items.map(({ metadata }) => metadata.name).join() === "three";
  });
});
