/** Nodes and pods: who is on a node reaches every pod, and pods have ports of their node. */
import assert from "node:assert/strict";
import { nodes } from "@kubets/api/generated/refs";
import { behaviour } from "../behaviour.ts";
import type { BehaviourContext } from "../context.ts";
import { pod } from "../objects.ts";
import { createPod } from "../output.ts";
import { IMAGES } from "../test-image.ts";
import { asker } from "./asking.ts";

const HOST_PORT = 54_323;
const onHost = (nodeName?: string) => ({ hostNetwork: true, ...(nodeName && { nodeName }) });

async function serving(t: BehaviourContext, name: string, nodeName: string, ports: readonly object[] = []) {
  const containers = [{ name: "c", image: IMAGES.test, ports }];
  await createPod(t, pod(name, {}, { terminationGracePeriodSeconds: 1, nodeName, containers }));
}

for (const protocol of ["http", "udp"] as const)
  behaviour(
    `[sig-network] Networking Granular Checks: Pods should function for node-pod communication: ${protocol} [LinuxOnly] [NodeConformance] [Conformance]`,
    { on: "containers", nodes: 2 },
    async (t) => {
      const names = t.cluster.nodes.map((node, i) => [`serves-${i}`, node] as const);
      for (const [name, node] of names) await serving(t, name, node);
      // From every node to the pods of all.
      for (const [i, from] of t.cluster.nodes.entries()) {
        const asks = await asker(t, onHost(from), `host-${i}`);
        for (const [name] of names) {
          const ip = (await t.podReady(name)).status.podIP as string;
          const ask = () => (protocol === "http" ? asks.http(ip, 8080) : asks.udp(ip, 8081));
          await t.eventually(`an answer of ${name} to ${from}`, async () => (await ask()) === name);
        }
      }
    },
  );

behaviour(
  "[sig-network] HostPort validates that there is no conflict between pods with same hostPort but different hostIP and protocol [LinuxOnly] [Conformance]",
  { on: "containers" },
  async (t) => {
    const [node] = t.cluster.nodes as [string];
    const { status } = await t.client.get(nodes, { name: node });
    const address = status.addresses?.find(({ type }) => type === "InternalIP")?.address;
    assert.ok(address);
    const port = (hostIP: string, protocol: "TCP" | "UDP") => [
      { containerPort: protocol === "TCP" ? 8080 : 8081, hostPort: HOST_PORT, hostIP, protocol },
    ];
    await serving(t, "loopback", node, port("127.0.0.1", "TCP"));
    await serving(t, "address", node, port(address, "TCP"));
    await serving(t, "datagrams", node, port(address, "UDP"));
    for (const name of ["loopback", "address", "datagrams"]) await t.podReady(name);
    const asks = await asker(t, onHost(node));
    const reached = (name: string, ask: () => Promise<string>) =>
      t.eventually(`an answer of ${name}`, async () => (await ask()) === name);
    await reached("loopback", () => asks.http("127.0.0.1", HOST_PORT));
    await reached("address", () => asks.http(address, HOST_PORT));
    await reached("datagrams", () => asks.udp(address, HOST_PORT));
  },
);
