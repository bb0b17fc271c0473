import assert from "node:assert/strict";
import { test } from "node:test";
import { pods } from "@kubets/api/generated/refs";
import { startTestServer } from "../testing/server.ts";

test("a pod that is bound is nominated no more", async () => {
  const server = await startTestServer();
  try {
    const key = { namespace: "default", name: "a" };
    await server.admin.create(pods, { metadata: key, spec: { containers: [{ name: "c", image: "i" }] } });
    const body = { status: { nominatedNodeName: "n1" } };
    await server.admin.patch(pods, key, { type: "merge", body }, { subresource: "status" });
    await server.admin.act(pods, key, "binding", { metadata: key, target: { kind: "Node", name: "n1" } });
    const { spec, status } = await server.admin.get(pods, key);
    assert.deepEqual([spec.nodeName, status.nominatedNodeName], ["n1", undefined]);
  } finally {
    await server.close();
  }
});
