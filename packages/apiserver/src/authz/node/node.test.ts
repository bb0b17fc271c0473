import assert from "node:assert/strict";
import { test } from "node:test";
import { configmaps, nodes, pods, secrets } from "@kubets/api/generated/refs";
import { startTestServer } from "../../testing/server.ts";

async function withNode(t: { after(run: () => Promise<void>): void }) {
  const { admin, user, close } = await startTestServer({ modes: ["Node", "RBAC"], enable: ["NodeRestriction"] });
  t.after(close);
  for (const name of ["used", "env", "pull", "unused"])
    await admin.create(secrets, { metadata: { namespace: "default", name } });
  await admin.create(configmaps, { metadata: { namespace: "default", name: "cm" } });
  const pod = (name: string, nodeName?: string) => ({
    metadata: { namespace: "default", name },
    spec: {
      ...(nodeName && { nodeName }),
      containers: [
        { name: "c", image: "x", env: [{ name: "E", valueFrom: { secretKeyRef: { name: "env", key: "k" } } }] },
      ],
      volumes: [{ name: "s", projected: { sources: [{ secret: { name: "used" } }, { configMap: { name: "cm" } }] } }],
      imagePullSecrets: [{ name: "pull" }],
    },
  });
  const kubelet = (node: string) => user(`system:node:${node}`, "system:nodes");
  return { admin, pod, n1: kubelet("n1"), n2: kubelet("n2") };
}

const at = (name: string) => ({ namespace: "default", name });

test("a node reads what its pods use, as long as they are there", async (t) => {
  const { admin, pod, n1, n2 } = await withNode(t);
  await assert.rejects(n1.get(secrets, at("used")), /no relationship found between node 'n1' and this object/);
  await admin.create(pods, pod("p", "n1"));
  for (const name of ["used", "env", "pull"]) await n1.get(secrets, at(name));
  await n1.get(configmaps, at("cm"));
  await n1.list(secrets, { namespace: "default", fieldSelector: "metadata.name=used" });
  await assert.rejects(n1.get(secrets, at("unused")), /no relationship found/);
  await assert.rejects(n1.list(secrets, { namespace: "default" }), /No Object name found/);
  await assert.rejects(n2.get(secrets, at("used")), /no relationship found between node 'n2'/);
  await assert.rejects(n1.delete(secrets, at("used")), /can only read resources of this type/);
  await admin.delete(pods, at("p"), { gracePeriodSeconds: 0 });
  await assert.rejects(n1.get(secrets, at("used")), /no relationship found/);
});

test("a node lists its own pods only", async (t) => {
  const { admin, pod, n1 } = await withNode(t);
  await admin.create(pods, pod("p", "n1"));
  assert.equal((await n1.list(pods, { fieldSelector: "spec.nodeName=n1" })).items.length, 1);
  await assert.rejects(
    n1.list(pods, { fieldSelector: "spec.nodeName=n2" }),
    /can only list\/watch pods with spec.nodeName field selector/,
  );
});

test("a node keeps its own object, without taints and labels that steer pods", async (t) => {
  const { n1 } = await withNode(t);
  await n1.create(nodes, { metadata: { name: "n1", labels: { "kubernetes.io/os": "linux" } } });
  await assert.rejects(n1.create(nodes, { metadata: { name: "n2" } }), /node "n1" is not allowed to modify node "n2"/);
  const patch = (body: object) => n1.patch(nodes, { name: "n1" }, { type: "merge", body });
  await assert.rejects(patch({ spec: { taints: [] } }), /is not allowed to modify taints/);
  const label = "node-restriction.kubernetes.io/x";
  await assert.rejects(
    patch({ metadata: { labels: { [label]: "y" } } }),
    /is not allowed to modify labels: node-restriction/,
  );
  await patch({ metadata: { labels: { "example.com/rack": "r1" } } });
});

test("a node gets tokens only for pods that run on it", async (t) => {
  const { admin, pod, n1 } = await withNode(t);
  await admin.create(pods, pod("p", "n1"));
  const made = n1.create(pods, { ...pod("q", "n1") });
  await assert.rejects(made, /can only create mirror pods/);
});
