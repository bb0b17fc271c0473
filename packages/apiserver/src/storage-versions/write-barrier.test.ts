import assert from "node:assert/strict";
import { test } from "node:test";
import { configmaps, secrets } from "@kubets/api/generated/refs";
import { readRequestInfo } from "../request-info.ts";
import { startTestServer } from "../testing/server.ts";
import { WriteBarrier } from "./write-barrier.ts";

const entryOf = (resource: string) => ({ name: resource, resources: [resource], versions: {} });

test("writes of a resource are refused until its version is told; reads, and what others are told by, pass", () => {
  const needed = ["/namespaces", "coordination.k8s.io/leases", "internal.apiserver.k8s.io/storageversions"];
  const barrier = new WriteBarrier([...needed, "apps/deployments"].map(entryOf));
  const server = { name: "system:apiserver", groups: ["system:masters"] };
  const asked = (method: string, url: string, user = server) => {
    try {
      barrier.check(readRequestInfo(method, url), user);
      return "passes";
    } catch (error) {
      return (error as Error).message;
    }
  };
  const wait = (resource: string, error = "<nil>") =>
    `wait for storage version registration to complete for resource: ${resource}, last seen error: ${error}`;
  const deployments = "/apis/apps/v1/namespaces/default/deployments";
  assert.equal(asked("GET", deployments), "passes");
  assert.equal(asked("GET", `${deployments}?watch=1`), "passes");
  assert.equal(asked("POST", deployments), wait("deployments.apps"));
  assert.equal(asked("PUT", `${deployments}/a/status`), wait("deployments.apps"));
  assert.equal(asked("DELETE", deployments), wait("deployments.apps"));
  assert.equal(asked("POST", "/api/v1/namespaces/default/pods"), "passes");
  assert.equal(asked("POST", "/apis/internal.apiserver.k8s.io/v1alpha1/storageversions"), "passes");
  assert.equal(asked("POST", "/api/v1/namespaces"), "passes");
  assert.equal(asked("DELETE", "/api/v1/namespaces/a"), wait("namespaces"));
  assert.equal(asked("POST", "/api/v1/namespaces", { name: "jane", groups: ["system:masters"] }), wait("namespaces"));
  const leases = (namespace: string) => `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
  assert.equal(asked("POST", leases("kube-system")), "passes");
  assert.equal(asked("POST", leases("default")), wait("leases.coordination.k8s.io"));

  barrier.failed(entryOf("apps/deployments"), new Error("no room"));
  assert.equal(asked("POST", deployments), wait("deployments.apps", "no room"));
  for (const entry of barrier.entries) barrier.told(entry);
  assert.equal(asked("POST", deployments), "passes");
});

test("a server refuses what it has not told of yet, and takes it then", async () => {
  const barrier = new WriteBarrier([entryOf("/configmaps")]);
  const { admin, close } = await startTestServer({ barrier });
  const metadata = { name: "a", namespace: "default" };
  await assert.rejects(admin.create(configmaps, { metadata }), {
    message: "wait for storage version registration to complete for resource: configmaps, last seen error: <nil>",
  });
  await admin.create(secrets, { metadata });
  for (const entry of barrier.entries) barrier.told(entry);
  await barrier.opened;
  await admin.create(configmaps, { metadata });
  await close();
});
