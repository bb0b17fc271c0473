/** Hints in proportion to zones, as an annotation asks for them: they come, follow what nodes can do, and go when they cannot be. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { endpointslices, events, nodes, pods, services } from "@kubets/api/generated/refs";
import { startCluster } from "./cluster.ts";

test("endpoints serve zones by their processors", async () => {
  const cluster = await startCluster({ controllers: ["endpointslice"] });
  try {
    const labels = (zone: string) => ({ "topology.kubernetes.io/zone": zone });
    const conditions = [{ type: "Ready", status: "True" }];
    const status = (cpu: string) => ({ status: { allocatable: { cpu }, conditions } });
    const setStatus = (name: string, cpu: string) =>
      cluster.client.patch(nodes, { name }, { type: "strategic", body: status(cpu) }, { subresource: "status" });
    await cluster.client.delete(nodes, { name: "node-1" });
    for (const zone of ["a", "b"]) {
      await cluster.create(nodes, { metadata: { name: zone, labels: labels(zone) } });
      await setStatus(zone, "4");
    }
    for (let i = 0; i < 6; i++)
      await cluster.create(pods, {
        metadata: { namespace: "default", name: `p${i}`, labels: { app: "web" } },
        spec: { nodeName: i < 4 ? "a" : "b", containers: [{ name: "c", image: "i" }] },
      });
    await cluster.create(services, {
      metadata: { namespace: "default", name: "web", annotations: { "service.kubernetes.io/topology-mode": "Auto" } },
      spec: { selector: { app: "web" }, ports: [{ port: 80 }], clusterIP: "None", ipFamilies: ["IPv4"] },
    } as never);
    const hints = async () => {
      const all = (await cluster.list(endpointslices)).flatMap((slice) => slice.endpoints ?? []);
      return all
        .map((each) => each.hints?.forZones?.[0]?.name ?? "none")
        .sort()
        .join("");
    };
    await cluster.until(async () => (await hints()) === "aaabbb");
    await setStatus("b", "2");
    await cluster.until(async () => (await hints()) === "aaaabb");
    await cluster.client.patch(
      nodes,
      { name: "b" },
      { type: "merge", body: { metadata: { labels: { "topology.kubernetes.io/zone": "a" } } } },
    );
    await cluster.until(async () => (await hints()) === "nonenonenonenonenonenone");
    const told = (await cluster.list(events)).filter(({ reason }) => reason?.startsWith("TopologyAware"));
    assert.deepEqual(
      told.map(({ type, reason, message }) => `${type} ${reason} ${message}`),
      [
        "Normal TopologyAwareHintsEnabled Topology Aware Hints has been enabled, addressType: IPv4",
        "Warning TopologyAwareHintsDisabled Nodes only ready in one zone, addressType: IPv4",
      ],
    );
  } finally {
    await cluster.stop();
  }
});
