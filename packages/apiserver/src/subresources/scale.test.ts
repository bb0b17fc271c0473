import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { daemonsets, deployments, roles } from "@kubets/api/generated/refs";
import type { Transport } from "@kubets/client/transport";
import { startTestServer } from "../testing/server.ts";

let server: Awaited<ReturnType<typeof startTestServer>>;
let transport: Transport;
before(async () => {
  server = await startTestServer();
  transport = server.server.transport({ name: "admin", groups: ["system:masters"] });
});
after(() => server.close());

const template = {
  metadata: { labels: { app: "a" } },
  spec: { containers: [{ name: "c", image: "i" }] },
};
const spec = { selector: { matchLabels: { app: "a" } }, template };

async function send(method: string, path: string, body?: object, headers: Record<string, string> = {}) {
  const response = await transport.request({
    method,
    path,
    headers,
    ...(body && { body: Buffer.from(JSON.stringify(body)) }),
  });
  return {
    status: response.status,
    object: (response.object?.() ?? JSON.parse(Buffer.from(await response.bytes()).toString())) as Record<
      string,
      never
    >,
  };
}

test("a scale that is applied conflicts with who owns the replicas, and takes them by force", async () => {
  await server.admin.create(deployments, {
    metadata: { namespace: "default", name: "a" },
    spec: { ...spec, replicas: 1 },
  });
  const scale = { apiVersion: "autoscaling/v1", kind: "Scale", metadata: { name: "a" }, spec: { replicas: 4 } };
  const path = "/apis/apps/v1/namespaces/default/deployments/a/scale?fieldManager=hpa";
  const apply = { "content-type": "application/apply-patch+yaml" };
  const refused = await send("PATCH", path, scale, apply);
  assert.equal(refused.status, 409);
  assert.match(String(refused.object["message"]), /using autoscaling\/v1: \.spec\.replicas$/);
  assert.equal((await send("PATCH", `${path}&force=true`, scale, apply)).status, 200);
  const { metadata, spec: now } = await server.admin.get(deployments, { namespace: "default", name: "a" });
  assert.equal(now.replicas, 4);
  assert.deepEqual(
    (metadata.managedFields ?? [])
      .filter((entry) => JSON.stringify(entry.fieldsV1).includes('"f:replicas"'))
      .map(({ manager, operation, subresource }) => [manager, operation, subresource]),
    [["hpa", "Apply", "scale"]],
  );
});

test("the template generation of a daemon set must be a number, and metadata alone is shown without it", async () => {
  const path = "/apis/apps/v1/namespaces/default/daemonsets";
  const annotations = { "deprecated.daemonset.template.generation": "x" };
  const wrong = await send("POST", path, { metadata: { name: "d", annotations }, spec });
  assert.equal(wrong.status, 400);
  assert.match(String(wrong.object["message"]), /strconv\.ParseInt: parsing "x": invalid syntax$/);
  const made = await server.admin.create(daemonsets, { metadata: { namespace: "default", name: "d" }, spec });
  assert.equal(made.metadata.annotations?.["deprecated.daemonset.template.generation"], "1");
});

test("an empty list that is sent is owned; one that is not sent is not", async () => {
  const sent = await server.admin.create(roles, { metadata: { namespace: "default", name: "sent" }, rules: [] });
  assert.deepEqual(sent.metadata.managedFields?.[0]?.fieldsV1, { "f:rules": {} });
});
