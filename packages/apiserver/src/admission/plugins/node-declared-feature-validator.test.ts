import assert from "node:assert/strict";
import { test } from "node:test";
import { nodes, pods } from "@kubets/api/generated/refs";
import { startTestServer } from "../../testing/server.ts";

test("a pod's own resources change where its node says that it can do that", async (t) => {
  const { admin, close } = await startTestServer();
  t.after(close);
  const resources = (cpu: string) => ({ requests: { cpu }, limits: { cpu } });
  const key = { namespace: "default", name: "a" };
  const resize = (cpu: string) =>
    admin.patch(pods, key, { type: "merge", body: { spec: { resources: resources(cpu) } } }, { subresource: "resize" });
  const status = { capacity: { cpu: "4" }, allocatable: { cpu: "4" } };
  await admin.create(nodes, { metadata: { name: "n" }, status } as never);
  await admin.create(pods, {
    metadata: key,
    spec: { nodeName: "n", resources: resources("1"), containers: [{ name: "c", image: "x" }] },
  } as never);
  await assert.rejects(resize("2"), {
    message:
      'pods "a" is forbidden: pod update requires features InPlacePodLevelResourcesVerticalScaling which are not available on node "n"',
  });
  await admin.patch(pods, key, { type: "merge", body: { metadata: { labels: { a: "b" } } } });
  const declaredFeatures = ["InPlacePodLevelResourcesVerticalScaling"];
  await admin.patch(
    nodes,
    { name: "n" },
    { type: "merge", body: { status: { declaredFeatures } } },
    { subresource: "status" },
  );
  assert.deepEqual((await resize("2")).spec.resources, resources("2"));
});
