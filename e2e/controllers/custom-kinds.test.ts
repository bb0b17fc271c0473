/** Custom kinds in a whole control plane: quotas count them, the garbage collector follows their owners, namespaces take them along, and policies about them are checked. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  configmaps,
  customresourcedefinitions,
  namespaces,
  resourcequotas,
  validatingadmissionpolicies,
} from "@kubets/api/generated/refs";
import type { KubeObject } from "@kubets/api/meta";
import type { ResourceRef } from "@kubets/api/resource-ref";
import { isReason } from "@kubets/machinery";
import { startCluster, type TestCluster } from "./cluster.ts";

interface Widget extends KubeObject {
  readonly spec?: { readonly size?: number };
}
const widgets = {
  group: "example.com",
  version: "v1",
  resource: "widgets",
  kind: "Widget",
  namespaced: true,
} as unknown as ResourceRef<Widget>;

const definition = {
  metadata: { name: "widgets.example.com" },
  spec: {
    group: "example.com",
    scope: "Namespaced",
    names: { plural: "widgets", kind: "Widget" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: { spec: { type: "object", properties: { size: { type: "integer" } } } },
          },
        },
      },
    ],
  },
};

async function withWidgets(body: (cluster: TestCluster) => Promise<void>): Promise<void> {
  const cluster = await startCluster();
  try {
    await cluster.create(customresourcedefinitions, definition as never);
    await cluster.until(async () => (await cluster.client.raw("GET", "/apis/example.com/v1/widgets")).status === 200);
    await body(cluster);
  } finally {
    await cluster.stop();
  }
}

const widget = (name: string, more: object = {}) =>
  ({ apiVersion: "example.com/v1", kind: "Widget", metadata: { namespace: "default", name, ...more } }) as never;

test("a quota counts custom objects, and refuses what is too much", () =>
  withWidgets(async (cluster) => {
    const hard = { "count/widgets.example.com": "2" };
    await cluster.create(resourcequotas, { metadata: { namespace: "default", name: "q" }, spec: { hard } });
    const used = async () => (await cluster.get(resourcequotas, "q")).status.used?.["count/widgets.example.com"];
    await cluster.until(async () => (await used()) === "0");
    await cluster.create(widgets, widget("a"));
    await cluster.create(widgets, widget("b"));
    assert.equal(await used(), "2");
    await assert.rejects(cluster.create(widgets, widget("c")), (error) => isReason(error, "Forbidden"));
    await cluster.client.delete(widgets, { namespace: "default", name: "a" });
    await cluster.until(async () => (await used()) === "1", 400_000);
    await cluster.create(widgets, widget("c"));
  }));

test("custom objects own others, and are owned", () =>
  withWidgets(async (cluster) => {
    const owner = await cluster.create(widgets, widget("owner"));
    const ownerReferences = [
      { apiVersion: "example.com/v1", kind: "Widget", name: "owner", uid: owner.metadata.uid ?? "" },
    ];
    await cluster.create(widgets, widget("owned", { ownerReferences }));
    await cluster.create(configmaps, { metadata: { namespace: "default", name: "owned", ownerReferences } });
    await cluster.client.delete(widgets, { namespace: "default", name: "owner" }, { propagationPolicy: "Background" });
    await cluster.until(() => cluster.gone(widgets, "owned"), 120_000);
    await cluster.until(() => cluster.gone(configmaps, "owned"), 120_000);

    const waits = await cluster.create(widgets, widget("waits"));
    const reference = { apiVersion: "example.com/v1", kind: "Widget", name: "waits", uid: waits.metadata.uid ?? "" };
    const held = { ownerReferences: [{ ...reference, blockOwnerDeletion: true }], finalizers: ["example.com/held"] };
    await cluster.create(widgets, widget("holds", held));
    await cluster.client.delete(widgets, { namespace: "default", name: "waits" }, { propagationPolicy: "Foreground" });
    await cluster.until(async () => Boolean((await cluster.get(widgets, "holds")).metadata.deletionTimestamp), 120_000);
    assert.equal(await cluster.gone(widgets, "waits"), false);
    const body = { metadata: { finalizers: null } };
    await cluster.client.patch(widgets, { namespace: "default", name: "holds" }, { type: "merge", body });
    await cluster.until(() => cluster.gone(widgets, "waits"), 120_000);
  }));

test("a namespace goes with its custom objects, and waits for their finalizers", () =>
  withWidgets(async (cluster) => {
    await cluster.create(namespaces, { metadata: { name: "other" } });
    await cluster.create(widgets, widget("plain", { namespace: "other" }));
    await cluster.create(widgets, widget("held", { namespace: "other", finalizers: ["example.com/held"] }));
    await cluster.client.delete(namespaces, { name: "other" });
    await cluster.until(() => cluster.gone(widgets, "plain", "other"), 120_000);
    await cluster.until(async () => {
      const { conditions = [] } = (await cluster.get(namespaces, "other")).status;
      return conditions.some(
        ({ type, status, message }) =>
          type === "NamespaceFinalizersRemaining" && status === "True" && message?.includes("example.com/held"),
      );
    }, 120_000);
    const body = { metadata: { finalizers: null } };
    await cluster.client.patch(widgets, { namespace: "other", name: "held" }, { type: "merge", body });
    await cluster.until(() => cluster.gone(namespaces, "other"), 120_000);
  }));

test("a policy about a custom kind is checked against its schema", () =>
  withWidgets(async (cluster) => {
    const policy = (name: string, expression: string) =>
      cluster.create(validatingadmissionpolicies, {
        metadata: { name },
        spec: {
          matchConstraints: {
            resourceRules: [
              { apiGroups: ["example.com"], apiVersions: ["v1"], operations: ["*"], resources: ["widgets"] },
            ],
          },
          validations: [{ expression }],
        },
      } as never);
    await policy("wrong", "object.spec.sise > 1");
    await policy("right", "object.spec.size > 1 && object.metadata.labels['a'] == 'b'");
    const checked = async (name: string) => (await cluster.get(validatingadmissionpolicies, name)).status;
    await cluster.until(async () => (await checked("wrong"))?.observedGeneration === 1);
    await cluster.until(async () => (await checked("right"))?.observedGeneration === 1);
    assert.match(
      (await checked("wrong"))?.typeChecking?.expressionWarnings?.[0]?.warning ?? "",
      /^example\.com\/v1, Kind=Widget: ERROR: <input>:1:12: undefined field 'sise'/,
    );
    assert.deepEqual((await checked("right"))?.typeChecking, {});
  }));
