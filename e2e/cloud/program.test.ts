/** `kubets cloud-controller-manager` as a process of its own, with the provider of the examples: one TypeScript file and its configuration. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, it } from "node:test";
import { nodes, services } from "@kubets/api/generated/refs";
import type { Client } from "@kubets/client";
import { isReason } from "@kubets/machinery";
import { eventually } from "../cluster.ts";
import { Programs } from "../scheduler/programs.ts";

const PROVIDER = join(import.meta.dirname, "../../examples/cloud-provider/racks.ts");
const CONFIG = { machines: { known: { rack: "r7", address: "192.0.2.7" } }, balancers: "203.0.113" };
const UNINITIALIZED = "node.cloudprovider.kubernetes.io/uninitialized";

const programs = new Programs();
let client: Client;

before(async () => {
  const api = await programs.apiServer();
  client = api.client;
  const flags = {
    kubeconfig: api.kubeconfig,
    "cloud-provider": PROVIDER,
    "cloud-config": programs.write("racks.json", JSON.stringify(CONFIG)),
    "secure-port": "0",
    "node-monitor-period": "1s",
  };
  const [line] = await programs.start("cloud-controller-manager", flags, /\bready\b.*/);
  assert.match(line, /provider=racks/);
});
after(() => programs.stop());

const addNode = async (name: string, ready: string) => {
  await client.create(nodes, {
    metadata: { name },
    spec: { taints: [{ key: UNINITIALIZED, value: "true", effect: "NoSchedule" }] },
    status: { conditions: [{ type: "Ready", status: ready }] },
  });
};

it("tells nodes of their machines, and lets those without one go", async () => {
  await addNode("known", "True");
  await eventually("the machine", async () => {
    const { spec, metadata, status } = await client.get(nodes, { name: "known" });
    return (
      spec.providerID === "racks://r7/known" &&
      metadata.labels?.["topology.kubernetes.io/zone"] === "r7" &&
      status.addresses?.[0]?.address === "192.0.2.7" &&
      !spec.taints?.some(({ key }) => key === UNINITIALIZED)
    );
  });
  await addNode("stranger", "Unknown");
  await eventually("the end of the stranger", () =>
    client.get(nodes, { name: "stranger" }).then(
      () => false,
      (error: unknown) => isReason(error, "NotFound"),
    ),
  );
});

it("gives load balancers their addresses, and takes them back", async () => {
  const key = { namespace: "default", name: "web" };
  await client.create(services, { metadata: key, spec: { type: "LoadBalancer", ports: [{ port: 80 }] } });
  await eventually("an address", async () => {
    const { status } = await client.get(services, key);
    return status.loadBalancer?.ingress?.[0]?.ip === "203.0.113.1";
  });
  await client.delete(services, key);
  await eventually("its end", () =>
    client.get(services, key).then(
      () => false,
      (error: unknown) => isReason(error, "NotFound"),
    ),
  );
});
