/** The controllers of a cloud with a provider made for the test, against the real API server on a virtual clock. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { nodes, services } from "@kubets/api/generated/refs";
import type { Node } from "@kubets/api/generated/types/core-v1";
import { createEventRecorder, runControllers, SharedInformers } from "@kubets/client";
import { type CloudProvider, controllersFor, localProvider, type Route } from "@kubets/cloud";
import { commandFlags } from "@kubets/cloud/flags";
import { providerOf } from "@kubets/cloud/providers";
import { seededRandom, silentLogger } from "@kubets/machinery";
import { parseFlags } from "@kubets/machinery/flags";
import { startCluster, type TestCluster } from "../controllers/cluster.ts";

const OPTIONS = {
  nodeStatusUpdateMs: 300_000,
  nodeMonitorMs: 5000,
  clusterCidrs: ["10.244.0.0/16"],
  routePeriodMs: 10_000,
  nodesAtOnce: 1,
  servicesAtOnce: 1,
};

test("what starts the original starts this too", () => {
  const { values, warnings } = parseFlags(commandFlags, [
    "--concurrent-service-syncs=3",
    "--cluster-name=c",
    "--profiling",
  ]);
  assert.equal(values["concurrent-service-syncs"], 3);
  assert.equal(warnings.length, 2);
});

async function using(provider: CloudProvider, body: (cluster: TestCluster) => Promise<void>): Promise<void> {
  const cluster = await startCluster({ controllers: [] });
  const abort = new AbortController();
  const { client, clock } = cluster;
  const parts = { client, clock, random: seededRandom(1), log: silentLogger, signal: abort.signal };
  const running = runControllers(controllersFor(provider, OPTIONS, ["*"]), {
    ...parts,
    cache: new SharedInformers(parts),
    events: createEventRecorder({ ...parts, component: "cloud-controller-manager" }),
  });
  try {
    await body(cluster);
  } finally {
    abort.abort();
    await running.stopped;
    await cluster.stop();
  }
}

const addNode = (cluster: TestCluster, name: string, ready: string, more: object = {}) =>
  cluster.create(nodes, {
    metadata: { name },
    spec: more,
    status: {
      addresses: [{ type: "InternalIP", address: "192.168.7.1" }],
      conditions: [{ type: "Ready", status: ready }],
    },
  });
const taints = ({ spec }: Node) => (spec.taints ?? []).map(({ key, effect }) => `${key}:${effect}`);

test("a new node is told of its machine, and lets pods on then", () =>
  using(
    {
      name: "test",
      instances: {
        find: async () => ({
          providerID: "test://7",
          instanceType: "large",
          zone: "a",
          region: "r",
          addresses: [{ type: "ExternalIP", address: "1.2.3.4" }],
        }),
      },
    },
    async (cluster) => {
      const uninitialized = {
        key: "node.cloudprovider.kubernetes.io/uninitialized",
        value: "true",
        effect: "NoSchedule",
      };
      await addNode(cluster, "n", "True", { taints: [uninitialized, { key: "k", effect: "NoSchedule" }] });
      await cluster.until(async () => (await cluster.get(nodes, "n")).status.addresses?.[0]?.address === "1.2.3.4");
      const node = await cluster.get(nodes, "n");
      const { labels = {} } = node.metadata;
      assert.deepEqual([node.spec.providerID, taints(node)], ["test://7", ["k:NoSchedule"]]);
      const names = [
        "node.kubernetes.io/instance-type",
        "topology.kubernetes.io/zone",
        "topology.kubernetes.io/region",
      ];
      assert.deepEqual(
        names.map((name) => labels[name]),
        ["large", "a", "r"],
      );
    },
  ));

test("a node whose machine is shut down is tainted until it is back, and one whose machine is gone goes", () => {
  const machines = new Map([["down", { isShutDown: true }]]);
  return using(
    { name: "test", instances: { find: async (node) => machines.get(node.metadata.name) } },
    async (cluster) => {
      await addNode(cluster, "down", "Unknown");
      await addNode(cluster, "gone", "Unknown");
      await cluster.until(() => cluster.gone(nodes, "gone"));
      const isTainted = async () =>
        taints(await cluster.get(nodes, "down")).includes("node.cloudprovider.kubernetes.io/shutdown:NoSchedule");
      await cluster.until(isTainted);
      const body = { status: { conditions: [{ type: "Ready", status: "True" }] } };
      await cluster.client.patch(nodes, { name: "down" }, { type: "strategic", body }, { subresource: "status" });
      await cluster.until(async () => !(await isTainted()));
      // node-1 is ready, and nobody asks the cloud about it.
      assert.equal(await cluster.gone(nodes, "node-1"), false);
    },
  );
});

test("a service of type LoadBalancer gets addresses, keeps them in step with the nodes, and is cleaned up", () =>
  using(localProvider, async (cluster) => {
    await addNode(cluster, "n", "True");
    const spec = { type: "LoadBalancer", selector: { a: "b" }, ports: [{ port: 80 }] };
    await cluster.create(services, { metadata: { namespace: "default", name: "web" }, spec });
    const ips = async () =>
      (await cluster.get(services, "web")).status.loadBalancer?.ingress
        ?.map(({ ip }) => ip)
        .filter((ip) => ip === "192.168.7.1");
    await cluster.until(async () => (await ips())?.length === 1);
    assert.deepEqual((await cluster.get(services, "web")).metadata.finalizers, [
      "service.kubernetes.io/load-balancer-cleanup",
    ]);
    const labels = { "node.kubernetes.io/exclude-from-external-load-balancers": "" };
    await cluster.client.patch(nodes, { name: "n" }, { type: "merge", body: { metadata: { labels } } });
    await cluster.until(async () => !(await ips())?.length);
    await cluster.client.delete(services, { namespace: "default", name: "web" });
    await cluster.until(() => cluster.gone(services, "web"));
  }));

test("each range of a node has a route, and a route without a node goes", () => {
  const routes: Route[] = [
    { node: "lost", cidr: "10.244.9.0/24" },
    { node: "other", cidr: "172.16.0.0/24" },
  ];
  const provider: CloudProvider = {
    name: "test",
    routes: {
      list: async () => [...routes],
      create: async (route) => void routes.push(route),
      remove: async ({ cidr }) =>
        void routes.splice(
          routes.findIndex((route) => route.cidr === cidr),
          1,
        ),
    },
  };
  return using(provider, async (cluster) => {
    await addNode(cluster, "n", "True", { podCIDR: "10.244.1.0/24", podCIDRs: ["10.244.1.0/24"] });
    const told = async () =>
      (await cluster.get(nodes, "n")).status.conditions?.find(({ type }) => type === "NetworkUnavailable");
    await cluster.until(async () => (await told()) !== undefined);
    assert.deepEqual(
      [(await told())?.status, (await told())?.reason, routes.map(({ node }) => node)],
      ["False", "RouteCreated", ["other", "n"]],
    );
  });
});

test("a provider of one's own is a file, and is given the cloud's configuration", async () => {
  const folder = mkdtempSync(join(tmpdir(), "kubets-cloud-"));
  try {
    const file = join(folder, "mine.ts");
    writeFileSync(file, "export default (config: string) => ({ name: `mine-${config}` });\n");
    assert.equal((await providerOf(file, "x")).name, "mine-x");
    await assert.rejects(providerOf(join(folder, "none.ts"), ""), /none\.ts cannot be loaded/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a provider that is not there is told with those that are", async () => {
  await assert.rejects(
    providerOf("azure", ""),
    /there is no provider "azure"; there are local, and files of one's own/,
  );
});
