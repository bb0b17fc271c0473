/** `@kubernetes/client-node`, unmodified: typed calls, watches, informers, and server-side apply. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  CoreV1Api,
  KubeConfig,
  type KubernetesObject,
  KubernetesObjectApi,
  makeInformer,
  PatchStrategy,
  setHeaderOptions,
  type V1ConfigMap,
  Watch,
} from "@kubernetes/client-node";
import { startServer, type TestServer } from "../kubectl/server.ts";

describe("@kubernetes/client-node", () => {
  let server: TestServer;
  let config: KubeConfig;
  let core: CoreV1Api;
  before(async () => {
    server = await startServer();
    config = new KubeConfig();
    config.loadFromFile(server.kubeconfig);
    core = config.makeApiClient(CoreV1Api);
  });
  after(() => server?.stop());

  const configMap = (name: string, data: Record<string, string>): V1ConfigMap => ({ metadata: { name }, data });

  it("creates, reads, lists and deletes", async () => {
    await core.createNamespacedConfigMap({ namespace: "default", body: configMap("a", { k: "v" }) });
    const read = await core.readNamespacedConfigMap({ namespace: "default", name: "a" });
    assert.deepEqual(read.data, { k: "v" });
    const { items } = await core.listNamespacedConfigMap({ namespace: "default", fieldSelector: "metadata.name=a" });
    assert.equal(items.length, 1);
    await core.deleteNamespacedConfigMap({ namespace: "default", name: "a" });
    await assert.rejects(core.readNamespacedConfigMap({ namespace: "default", name: "a" }), { code: 404 });
  });

  it("applies with an owner", async () => {
    const objects = KubernetesObjectApi.makeApiClient(config);
    const metadata = { name: "applied", namespace: "default" };
    const body: KubernetesObject & { data: object } = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata,
      data: { k: "1" },
    };
    const made = await objects.patch(body, undefined, undefined, "tester", true, PatchStrategy.ServerSideApply);
    assert.equal(made.metadata?.managedFields?.[0]?.manager, "tester");
    assert.equal(made.metadata?.managedFields?.[0]?.operation, "Apply");
    const patched = await core.patchNamespacedConfigMap(
      { namespace: "default", name: "applied", body: [{ op: "replace", path: "/data/k", value: "2" }] },
      setHeaderOptions("Content-Type", PatchStrategy.JsonPatch),
    );
    assert.equal(patched.data?.["k"], "2");
  });

  it("watches from a revision on", async () => {
    const { metadata } = await core.listNamespacedConfigMap({ namespace: "default" });
    const seen: string[] = [];
    const both = Promise.withResolvers<void>();
    const stop = await new Watch(config).watch(
      "/api/v1/namespaces/default/configmaps",
      { resourceVersion: metadata?.resourceVersion },
      (type, object: V1ConfigMap) => {
        seen.push(`${type} ${object.metadata?.name}`);
        if (seen.length === 2) both.resolve();
      },
      () => {},
    );
    await core.createNamespacedConfigMap({ namespace: "default", body: configMap("watched", {}) });
    await core.deleteNamespacedConfigMap({ namespace: "default", name: "watched" });
    await both.promise;
    stop.abort();
    assert.deepEqual(seen, ["ADDED watched", "DELETED watched"]);
  });

  it("keeps an informer up to date", async () => {
    const told: string[] = [];
    const steps = Promise.withResolvers<void>();
    const tell = (what: string) => (object: V1ConfigMap) => {
      if (!object.metadata?.name?.startsWith("informed")) return;
      told.push(`${what} ${object.metadata.name}`);
      if (told.length === 3) steps.resolve();
    };
    const list = () => core.listNamespacedConfigMap({ namespace: "default" });
    const informer = makeInformer(config, "/api/v1/namespaces/default/configmaps", list);
    informer.on("add", tell("add"));
    informer.on("update", tell("update"));
    informer.on("delete", tell("delete"));
    await informer.start();
    await core.createNamespacedConfigMap({ namespace: "default", body: configMap("informed", {}) });
    await core.replaceNamespacedConfigMap({
      namespace: "default",
      name: "informed",
      body: configMap("informed", { now: "there" }),
    });
    await core.deleteNamespacedConfigMap({ namespace: "default", name: "informed" });
    await steps.promise;
    await informer.stop();
    assert.deepEqual(told, ["add informed", "update informed", "delete informed"]);
  });
});
