/** Groups of pods: what keeps them, and what makes them; against the real API server on a virtual clock. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { podgroups, pods } from "@kubets/api/generated/refs";
import { servedResources } from "@kubets/api/runtime-config";
import { startCluster, type TestCluster } from "./cluster.ts";

async function using(gates: readonly string[], body: (cluster: TestCluster) => Promise<void>): Promise<void> {
  const cluster = await startCluster({
    fate: () => "running",
    options: { featureGates: Object.fromEntries(gates.map((gate) => [gate, true])) },
    features: gates,
    resources: servedResources(["scheduling.k8s.io/v1alpha2"], (gate) => gates.includes(gate)),
  });
  try {
    await body(cluster);
  } finally {
    await cluster.stop();
  }
}

const inDefault = (name: string) => ({ namespace: "default", name });
const containers = [{ name: "c", image: "i" }];

test("a group stays as long as a pod of it has not ended", () =>
  using(["GenericWorkload"], async (cluster) => {
    for (const name of ["used", "unused"])
      await cluster.create(podgroups, {
        metadata: inDefault(name),
        spec: { schedulingPolicy: { basic: {} } },
      } as never);
    for (const name of ["a", "b"])
      await cluster.create(pods, {
        metadata: inDefault(name),
        spec: { containers, schedulingGroup: { podGroupName: "used" }, terminationGracePeriodSeconds: 0 },
      });
    for (const name of ["used", "unused"]) await cluster.client.delete(podgroups, inDefault(name));
    await cluster.until(() => cluster.gone(podgroups, "unused"));
    await cluster.client.delete(pods, inDefault("a"));
    await cluster.at(10_000);
    assert.ok((await cluster.get(podgroups, "used")).metadata.deletionTimestamp);
    const body = { status: { phase: "Succeeded" } };
    await cluster.client.patch(pods, inDefault("b"), { type: "merge", body }, { subresource: "status" });
    await cluster.until(() => cluster.gone(podgroups, "used"));
  }));
