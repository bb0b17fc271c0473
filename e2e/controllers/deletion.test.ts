/** Deletion of owners and of namespaces, against the real API server on a virtual clock. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  configmaps,
  deployments,
  endpointslices,
  namespaces,
  pods,
  replicasets,
  serviceaccounts,
  services,
} from "@kubets/api/generated/refs";
import { type TestCluster, withCluster } from "./cluster.ts";

const web = (namespace = "default") => ({
  metadata: { namespace, name: "web" },
  spec: {
    replicas: 3,
    selector: { matchLabels: { app: "web" } },
    template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "c", image: "a" }] } },
  },
});
const running = async ({ list }: TestCluster, namespace = "default") =>
  (await list(pods, namespace)).filter(({ status }) => status.phase === "Running").length;
const key = { namespace: "default", name: "web" };

test("dependents follow their owner in the background", () =>
  withCluster({}, async (cluster) => {
    await cluster.create(deployments, web());
    await cluster.until(async () => (await running(cluster)) === 3);
    await cluster.client.delete(deployments, key, { propagationPolicy: "Background" });
    await cluster.until(
      async () => (await cluster.list(replicasets)).length === 0 && (await cluster.list(pods)).length === 0,
    );
  }));

test("in the foreground the owner goes last", () =>
  withCluster({}, async (cluster) => {
    await cluster.create(deployments, web());
    await cluster.until(async () => (await running(cluster)) === 3);
    await cluster.client.delete(deployments, key, { propagationPolicy: "Foreground" });
    await cluster.until(async () => {
      if (!(await cluster.gone(deployments, "web"))) return false;
      assert.deepEqual([(await cluster.list(replicasets)).length, (await cluster.list(pods)).length], [0, 0]);
      return true;
    });
  }));

test("orphans stay and are cut loose", () =>
  withCluster({}, async (cluster) => {
    await cluster.create(deployments, web());
    await cluster.until(async () => (await running(cluster)) === 3);
    await cluster.client.delete(deployments, key, { propagationPolicy: "Orphan" });
    await cluster.until(() => cluster.gone(deployments, "web"));
    await cluster.at(5000);
    const [set] = await cluster.list(replicasets);
    assert.equal(set?.metadata.ownerReferences, undefined);
    assert.equal(await running(cluster), 3);
  }));

test("what names an owner that never was goes; one of several owners is enough to stay", () =>
  withCluster({}, async (cluster) => {
    const owner = await cluster.create(configmaps, { metadata: { namespace: "default", name: "owner" } });
    const reference = (name: string, uid: string) => ({ apiVersion: "v1", kind: "ConfigMap", name, uid });
    await cluster.create(configmaps, {
      metadata: { namespace: "default", name: "lost", ownerReferences: [reference("never", "0-0")] },
    });
    await cluster.create(configmaps, {
      metadata: {
        namespace: "default",
        name: "held",
        ownerReferences: [reference("never", "0-0"), reference("owner", owner.metadata.uid)],
      },
    });
    await cluster.until(() => cluster.gone(configmaps, "lost"));
    await cluster.until(async () => (await cluster.get(configmaps, "held")).metadata.ownerReferences?.length === 1);
    await cluster.client.delete(configmaps, { namespace: "default", name: "owner" });
    await cluster.until(() => cluster.gone(configmaps, "held"));
  }));

test("a new namespace gets its account; a deleted one is emptied, and says what holds it up", () =>
  withCluster({}, async (cluster) => {
    await cluster.create(namespaces, { metadata: { name: "a" } });
    await cluster.until(async () => !(await cluster.gone(serviceaccounts, "default", "a")));
    await cluster.create(deployments, web("a"));
    await cluster.create(services, {
      metadata: { namespace: "a", name: "web" },
      spec: { selector: { app: "web" }, ports: [{ port: 80 }] },
    });
    await cluster.create(configmaps, { metadata: { namespace: "a", name: "held", finalizers: ["example.com/hold"] } });
    await cluster.until(async () => (await running(cluster, "a")) === 3);
    await cluster.until(async () =>
      (await cluster.list(endpointslices, "a")).some(({ endpoints }) => endpoints?.length === 3),
    );
    await cluster.client.delete(namespaces, { name: "a" });
    await cluster.until(
      async () =>
        (await cluster.get(namespaces, "a")).status.conditions?.some(
          ({ reason }) => reason === "SomeFinalizersRemain",
        ) ?? false,
    );
    const { status } = await cluster.get(namespaces, "a");
    const messages = status.conditions?.map(({ type, status: is, message }) => `${type} ${is}: ${message}`);
    assert.ok(
      messages?.includes(
        "NamespaceContentRemaining True: Some resources are remaining: configmaps. has 1 resource instances",
      ),
      String(messages),
    );
    assert.ok(
      messages?.includes(
        "NamespaceFinalizersRemaining True: Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances",
      ),
    );
    await cluster.client.patch(
      configmaps,
      { namespace: "a", name: "held" },
      { type: "merge", body: { metadata: { finalizers: null } } },
    );
    await cluster.until(() => cluster.gone(namespaces, "a"));
  }));
