/** ConfigMaps, Secrets, templates, leases, nodes, runtime classes and resource claims, as the API keeps them. */
import assert from "node:assert/strict";
import { runtimeclasses } from "@kubets/api/generated/refs";
import { behaviour } from "../behaviour.ts";
import type { BehaviourContext } from "../context.ts";
import { discovered, type Lifecycle, lifecycle, watched } from "../lifecycle.ts";
import { podSpec } from "../objects.ts";

const core = (t: BehaviourContext, resource: string) => `/api/v1/namespaces/${t.namespace}/${resource}`;
const dra = (t: BehaviourContext, resource: string) => `/apis/resource.k8s.io/v1/namespaces/${t.namespace}/${resource}`;
const REQUESTS = { devices: { requests: [{ name: "r", exactly: { deviceClassName: "none.example.com" } }] } };

const LIVES: Readonly<Record<string, (t: BehaviourContext) => Lifecycle>> = {
  "ConfigMap should run through a ConfigMap lifecycle": (t) => ({
    path: core(t, "configmaps"),
    kind: "ConfigMap",
    spec: { data: { key: "value" } },
    patch: { data: { key: "patched" } },
  }),
  "PodTemplates should run the lifecycle of PodTemplates": (t) => ({
    path: core(t, "podtemplates"),
    kind: "PodTemplate",
    spec: { template: { metadata: { labels: { a: "b" } }, spec: podSpec() } },
  }),
  "PodTemplates should delete a collection of pod templates": (t) => ({
    path: core(t, "podtemplates"),
    kind: "PodTemplate",
    spec: { template: { spec: podSpec() } },
  }),
  "Secrets should patch a secret": (t) => ({
    path: core(t, "secrets"),
    kind: "Secret",
    spec: { stringData: { key: "value" } },
    patch: { data: { key: Buffer.from("patched").toString("base64") } },
  }),
  "Node Lifecycle should run through the lifecycle of a node": () => ({
    path: "/api/v1/nodes",
    kind: "Node",
    spec: {},
  }),
  "Lease lease API should be available": (t) => ({
    path: `/apis/coordination.k8s.io/v1/namespaces/${t.namespace}/leases`,
    kind: "Lease",
    spec: { spec: { holderIdentity: "holder", leaseDurationSeconds: 30, leaseTransitions: 0 } },
    patch: { spec: { holderIdentity: "patched", leaseDurationSeconds: 50 } },
  }),
  "[DRA] CRUD Tests resource.k8s.io/v1 ResourceClaim": (t) => ({
    path: dra(t, "resourceclaims"),
    kind: "ResourceClaim",
    spec: { spec: REQUESTS },
  }),
  "[DRA] CRUD Tests resource.k8s.io/v1 ResourceClaimTemplate": (t) => ({
    path: dra(t, "resourceclaimtemplates"),
    kind: "ResourceClaimTemplate",
    spec: { spec: { spec: REQUESTS } },
  }),
  "[DRA] CRUD Tests resource.k8s.io/v1 ResourceSlice": () => ({
    path: "/apis/resource.k8s.io/v1/resourceslices",
    kind: "ResourceSlice",
    spec: {
      spec: { driver: "none.example.com", nodeName: "none", pool: { name: "p", generation: 1, resourceSliceCount: 1 } },
    },
  }),
};
for (const [words, life] of Object.entries(LIVES))
  behaviour(`[sig-node] ${words} [Conformance]`, { on: "api" }, (t) => lifecycle(t, life(t)));

behaviour("[sig-node] PodTemplates should replace a pod template [Conformance]", { on: "api" }, async (t) => {
  const path = core(t, "podtemplates");
  const made = await t.request("POST", path, { metadata: { name: "it" }, template: { spec: podSpec() } });
  assert.equal(made.status, 201, made.text);
  const metadata = { ...made.json.metadata, annotations: { updated: "true" } };
  const put = await t.request("PUT", `${path}/it`, { ...made.json, metadata });
  assert.equal(put.json.metadata.annotations.updated, "true", put.text);
  assert.equal((await t.request("GET", `${path}/it`)).json.metadata.annotations.updated, "true");
});

behaviour(
  "[sig-node] ConfigMap should update ConfigMap successfully [NodeConformance] [Conformance]",
  { on: "api" },
  async (t) => {
    const path = core(t, "configmaps");
    const made = await t.request("POST", path, { metadata: { name: "it" }, data: { key: "value" } });
    assert.equal(made.status, 201);
    const put = await t.request("PUT", `${path}/it`, { ...made.json, data: { key: "other" } });
    assert.deepEqual([put.status, put.json.data.key], [200, "other"]);
    assert.equal((await t.request("GET", `${path}/it`)).json.data.key, "other");
  },
);

behaviour(
  "[sig-node] Secrets should fail to create secret due to empty secret key [Conformance]",
  { on: "api" },
  async (t) => {
    const made = await t.request("POST", core(t, "secrets"), { metadata: { name: "it" }, data: { "": "dmFsdWU=" } });
    assert.equal(made.status, 422, made.text);
    assert.equal((await t.request("GET", `${core(t, "secrets")}/it`)).status, 404);
  },
);

behaviour(
  "[sig-node] RuntimeClass should support RuntimeClasses API operations [Conformance]",
  { on: "api" },
  async (t) => {
    await discovered(t, "node.k8s.io", "v1", "runtimeclasses");
    const life = { path: "/apis/node.k8s.io/v1/runtimeclasses", kind: "RuntimeClass", spec: { handler: "any" } };
    await lifecycle(t, life);
    await watched(t, life);
  },
);

for (const [words, overhead] of [
  ["and initialize its Overhead", { podFixed: { cpu: "10m", memory: "1Mi" } }],
  ["without PodOverhead", undefined],
] as const)
  behaviour(
    `[sig-node] RuntimeClass should schedule a Pod requesting a RuntimeClass ${words} [NodeConformance] [Conformance]`,
    { on: "simulated" },
    async (t) => {
      const name = t.name("class");
      t.cleanup(() => t.client.delete(runtimeclasses, { name }));
      await t.client.create(runtimeclasses, { metadata: { name }, handler: "any", ...(overhead && { overhead }) });
      const spec = { ...podSpec(), runtimeClassName: name };
      const made = await t.request("POST", core(t, "pods"), { metadata: { name: "it" }, spec });
      assert.deepEqual(made.json.spec.overhead, overhead?.podFixed, made.text);
      await t.eventually("it to be scheduled", async () => {
        const { json } = await t.request("GET", `${core(t, "pods")}/it`);
        return json.spec.nodeName !== undefined;
      });
    },
  );

behaviour(
  "[sig-node] RuntimeClass should reject a Pod requesting a non-existent RuntimeClass [NodeConformance] [Conformance]",
  { on: "api" },
  async (t) => {
    const spec = { ...podSpec(), runtimeClassName: t.name("none") };
    const { status, json } = await t.request("POST", core(t, "pods"), { metadata: { name: "it" }, spec });
    assert.deepEqual([status, json.reason], [403, "Forbidden"]);
  },
);

behaviour(
  "[sig-node] RuntimeClass should reject a Pod requesting a deleted RuntimeClass [NodeConformance] [Conformance]",
  { on: "api" },
  async (t) => {
    const name = t.name("class");
    await t.client.create(runtimeclasses, { metadata: { name }, handler: "any" });
    await t.client.delete(runtimeclasses, { name });
    const spec = { ...podSpec(), runtimeClassName: name };
    await t.eventually("it to be refused", async () => {
      const { status, json } = await t.request("POST", `${core(t, "pods")}?dryRun=All`, {
        metadata: { name: "it" },
        spec,
      });
      return status === 403 && json.reason === "Forbidden";
    });
  },
);

behaviour(
  "[sig-node] Pods Extended Pods Set QOS Class should be set on Pods with matching resource requests and limits for memory and cpu [Conformance]",
  { on: "api" },
  async (t) => {
    const amounts = { cpu: "100m", memory: "100Mi" };
    const containers = [{ name: "c", image: t.images.pause, resources: { requests: amounts, limits: amounts } }];
    const made = await t.request("POST", core(t, "pods"), { metadata: { name: "it" }, spec: { containers } });
    assert.equal(made.json.status.qosClass, "Guaranteed");
    assert.equal((await t.request("GET", `${core(t, "pods")}/it`)).json.status.qosClass, "Guaranteed");
  },
);

behaviour("[sig-node] Pods should patch a pod status [Conformance]", { on: "simulated" }, async (t) => {
  const path = `${core(t, "pods")}/it`;
  await t.request("POST", core(t, "pods"), { metadata: { name: "it" }, spec: podSpec() });
  await t.podReady("it");
  const condition = { type: "Patched", status: "True", reason: "Test", message: "set by a test" };
  const type = { "content-type": "application/strategic-merge-patch+json" };
  const patched = await t.request("PATCH", `${path}/status`, { status: { conditions: [condition] } }, type);
  assert.equal(patched.status, 200, patched.text);
  await t.eventually("the condition to stay", async () => {
    const { json } = await t.request("GET", `${path}/status`);
    const found = (json.status.conditions as { type: string; message?: string }[]).find(
      (each) => each.type === "Patched",
    );
    return found?.message === "set by a test";
  });
});
