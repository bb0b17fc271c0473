import assert from "node:assert/strict";
import { test } from "node:test";
import { configmaps, nodes, podcertificaterequests, pods, secrets, serviceaccounts } from "@kubets/api/generated/refs";
import { createKey, createSigningRequest, readSigningRequest } from "@kubets/wire/x509";
import { startTestServer } from "../../testing/server.ts";

async function withNode(t: { after(run: () => Promise<void>): void }) {
  const { admin, user, close } = await startTestServer({
    modes: ["Node", "RBAC"],
    enable: ["NodeRestriction"],
    runtimeConfig: ["certificates.k8s.io/v1beta1"],
  });
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

test("a node asks for certificates of its own pods, which asked for them, and sees no others", async (t) => {
  const { admin, n1, n2 } = await withNode(t);
  const nodeUid = (await admin.create(nodes, { metadata: { name: "n1" } })).metadata.uid;
  const accountUid = (await admin.create(serviceaccounts, { metadata: at("default") })).metadata.uid;
  const podCertificate = { signerName: "example.com/a", keyType: "ECDSAP256", keyPath: "key" };
  const volumes = [{ name: "v", projected: { sources: [{ podCertificate }] } }];
  const spec = { nodeName: "n1", serviceAccountName: "default", containers: [{ name: "c", image: "x" }], volumes };
  const podUid = (await admin.create(pods, { metadata: at("p"), spec })).metadata.uid;
  const stub = readSigningRequest(createSigningRequest(createKey(), {})).der.toString("base64");
  const wanted = {
    signerName: "example.com/a",
    podName: "p",
    podUID: podUid,
    serviceAccountName: "default",
    serviceAccountUID: accountUid,
    nodeName: "n1",
    nodeUID: nodeUid,
    stubPKCS10Request: stub,
  };
  const ask = (as: typeof n1, more: object = {}) =>
    as.create(podcertificaterequests, {
      metadata: { namespace: "default", generateName: "req-" },
      spec: { ...wanted, ...more },
    });
  const { metadata, spec: made } = await ask(n1);
  assert.equal(made.maxExpirationSeconds, 86_400);
  await assert.rejects(ask(n2), /which is not the requesting node "n2"/);
  await assert.rejects(ask(n1, { signerName: "example.com/b" }), /no volume with a certificate of the signer/);
  await assert.rejects(ask(n1, { podUID: "other" }), /names pod UID "other", which differs/);
  await assert.rejects(ask(n1, { serviceAccountUID: "other" }), /names service account UID "other", which differs/);
  await assert.rejects(ask(n1, { nodeUID: "other" }), /names node UID "other", which differs/);
  await assert.rejects(ask(n1, { podName: "none" }), /pod "none" not found/);
  await n1.get(podcertificaterequests, metadata);
  await assert.rejects(n2.get(podcertificaterequests, metadata), /no relationship found/);
  const own = { namespace: "default", fieldSelector: `spec.nodeName=n1,metadata.name=${metadata.name}` };
  assert.equal((await n1.list(podcertificaterequests, own)).items.length, 1);
  await assert.rejects(n2.list(podcertificaterequests, own), /can only list\/watch podcertificaterequests/);
});
