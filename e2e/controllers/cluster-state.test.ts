/** Nodes that fall silent, quotas, budgets and certificates, against the real API server on a virtual clock. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  certificatesigningrequests,
  deployments,
  endpoints,
  endpointslices,
  nodes,
  persistentvolumeclaims,
  persistentvolumes,
  poddisruptionbudgets,
  pods,
  resourcequotas,
  services,
} from "@kubets/api/generated/refs";
import { createAuthority, createKey, createSigningRequest, readCertificate, validFor } from "@kubets/wire/x509";
import { type TestCluster, withCluster } from "./cluster.ts";

const web = (replicas: number) => ({
  metadata: { namespace: "default", name: "web" },
  spec: {
    replicas,
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { labels: { app: "web" } },
      spec: { containers: [{ name: "c", image: "a", resources: { requests: { cpu: "100m" } } }] },
    },
  },
});
const taintsOf = async ({ get }: TestCluster, name: string) =>
  ((await get(nodes, name)).spec.taints ?? []).map(({ key, effect }) => `${key}:${effect}`);
const unreachable = ["node.kubernetes.io/unreachable:NoSchedule", "node.kubernetes.io/unreachable:NoExecute"];

test("a node that falls silent is marked, tainted, and loses its pods; when it is back it is clean", () =>
  withCluster({}, async (cluster) => {
    const time = new Date(cluster.clock.now()).toISOString().replace(".000", "");
    await cluster.create(nodes, { metadata: { name: "node-0" } });
    // It never speaks: the other, node-1, is well, so this is no fault of ours.
    const conditions = [{ type: "Ready", status: "True", lastHeartbeatTime: time, lastTransitionTime: time }];
    await cluster.client.patch(
      nodes,
      { name: "node-0" },
      { type: "strategic", body: { status: { conditions } } },
      { subresource: "status" },
    );
    await cluster.create(pods, {
      metadata: { namespace: "default", name: "p" },
      spec: {
        nodeName: "node-0",
        terminationGracePeriodSeconds: 0,
        tolerations: [
          { key: "node.kubernetes.io/unreachable", operator: "Exists", effect: "NoExecute", tolerationSeconds: 30 },
        ],
        containers: [{ name: "c", image: "a" }],
      },
    });
    await cluster.at(40_000);
    assert.deepEqual(await taintsOf(cluster, "node-0"), []);
    await cluster.until(async () => (await taintsOf(cluster, "node-0")).length === 2);
    assert.deepEqual((await taintsOf(cluster, "node-0")).toSorted(), unreachable.toSorted());
    const ready = (await cluster.get(nodes, "node-0")).status.conditions?.find(({ type }) => type === "Ready");
    assert.deepEqual(
      [ready?.status, ready?.reason, ready?.message],
      ["Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status."],
    );
    assert.equal(await cluster.gone(pods, "p"), false);
    await cluster.until(() => cluster.gone(pods, "p"), 45_000);
    assert.deepEqual(await taintsOf(cluster, "node-1"), []);
  }));

test("when every node is silent nobody is driven off", () =>
  withCluster({}, async (cluster) => {
    cluster.node.silent = true;
    await cluster.until(async () => (await taintsOf(cluster, "node-1")).length > 0, 120_000);
    await cluster.at(120_000);
    assert.deepEqual(await taintsOf(cluster, "node-1"), ["node.kubernetes.io/unreachable:NoSchedule"]);
    cluster.node.silent = false;
    await cluster.until(async () => (await taintsOf(cluster, "node-1")).length === 0);
  }));

test("a quota's status follows use, and a budget's what is healthy", () =>
  withCluster({}, async (cluster) => {
    await cluster.create(resourcequotas, {
      metadata: { namespace: "default", name: "q" },
      spec: { hard: { pods: "10", "requests.cpu": "2", "count/deployments.apps": "5" } },
    });
    await cluster.until(async () => (await cluster.get(resourcequotas, "q")).status.used?.pods === "0");
    await cluster.create(poddisruptionbudgets, {
      metadata: { namespace: "default", name: "b" },
      spec: { maxUnavailable: "50%", selector: { matchLabels: { app: "web" } } },
    });
    await cluster.create(deployments, web(4));
    await cluster.until(async () => (await cluster.get(poddisruptionbudgets, "b")).status.currentHealthy === 4);
    const { disruptionsAllowed, desiredHealthy, expectedPods } = (await cluster.get(poddisruptionbudgets, "b")).status;
    assert.deepEqual([disruptionsAllowed, desiredHealthy, expectedPods], [2, 2, 4]);
    await cluster.until(async () => (await cluster.get(resourcequotas, "q")).status.used?.pods === "4");
    assert.deepEqual((await cluster.get(resourcequotas, "q")).status.used, {
      pods: "4",
      "requests.cpu": "400m",
      "count/deployments.apps": "1",
    });
  }));

test("a kubelet's certificate is approved and signed; a claim in use stays until its pod is gone", () => {
  const key = createKey();
  const authority = createAuthority({ commonName: "ca", key, ...validFor(Date.UTC(2026, 0, 1), 3650) });
  const certificate = `-----BEGIN CERTIFICATE-----\n${authority.certificate.der.toString("base64")}\n-----END CERTIFICATE-----\n`;
  return withCluster({ options: { signer: { certificate, key } } }, async (cluster) => {
    const asked = createSigningRequest(createKey(), { commonName: "system:node:n", organizations: ["system:nodes"] });
    await cluster.create(certificatesigningrequests, {
      metadata: { name: "n" },
      spec: {
        request: Buffer.from(asked).toString("base64"),
        signerName: "kubernetes.io/kube-apiserver-client-kubelet",
        usages: ["digital signature", "client auth"],
        expirationSeconds: 3600,
      },
    });
    await cluster.until(async () => Boolean((await cluster.get(certificatesigningrequests, "n")).status.certificate));
    const { status } = await cluster.get(certificatesigningrequests, "n");
    const issued = readCertificate(Buffer.from(status.certificate ?? "", "base64").toString());
    assert.deepEqual(
      [issued.commonName, issued.organizations, issued.extendedUsages],
      ["system:node:n", ["system:nodes"], ["clientAuth"]],
    );
    // One that lives short has its whole time from now on, and begins five minutes earlier.
    assert.equal(issued.notAfter - issued.notBefore, 3600_000 + 300_000);
    assert.equal(
      status.conditions?.[0]?.message,
      "Auto approving kubelet client certificate after SubjectAccessReview.",
    );

    await cluster.create(persistentvolumeclaims, {
      metadata: { namespace: "default", name: "c" },
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
    });
    await cluster.create(pods, {
      metadata: { namespace: "default", name: "p" },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [{ name: "c", image: "a" }],
        volumes: [{ name: "v", persistentVolumeClaim: { claimName: "c" } }],
      },
    });
    await cluster.until(
      async () =>
        (await cluster.get(persistentvolumeclaims, "c")).metadata.finalizers?.length === 1 &&
        (await cluster.get(pods, "p")).status.phase === "Running",
    );
    await cluster.client.delete(persistentvolumeclaims, { namespace: "default", name: "c" });
    await cluster.at(5000);
    assert.equal(await cluster.gone(persistentvolumeclaims, "c"), false);
    await cluster.client.delete(pods, { namespace: "default", name: "p" });
    await cluster.until(() => cluster.gone(persistentvolumeclaims, "c"));
  });
});

test("a claim is bound to the smallest volume that fits, and a volume whose claim is gone is released", () =>
  withCluster({}, async (cluster) => {
    const volume = (name: string, storage: string) => ({
      metadata: { name },
      spec: {
        capacity: { storage },
        accessModes: ["ReadWriteOnce"],
        hostPath: { path: "/v" },
        persistentVolumeReclaimPolicy: "Retain",
      },
    });
    for (const [name, storage] of [
      ["large", "5Gi"],
      ["small", "500Mi"],
      ["fits", "2Gi"],
    ] as const)
      await cluster.create(persistentvolumes, volume(name, storage));
    await cluster.create(persistentvolumeclaims, {
      metadata: { namespace: "default", name: "c" },
      spec: { storageClassName: "", accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
    });
    await cluster.until(async () => (await cluster.get(persistentvolumeclaims, "c")).status.phase === "Bound");
    const claim = await cluster.get(persistentvolumeclaims, "c");
    assert.deepEqual([claim.spec.volumeName, claim.status.capacity], ["fits", { storage: "2Gi" }]);
    assert.equal((await cluster.get(persistentvolumes, "fits")).status.phase, "Bound");
    await cluster.at(1000);
    const writes = cluster.writes.length;
    await cluster.at(30_000);
    assert.deepEqual(cluster.writes.slice(writes), []);
    await cluster.client.delete(persistentvolumeclaims, { namespace: "default", name: "c" });
    await cluster.until(async () => (await cluster.get(persistentvolumes, "fits")).status.phase === "Released");
  }));

test("Endpoints kept by hand are mirrored, and their slices go with them", () =>
  withCluster({}, async (cluster) => {
    const metadata = { namespace: "default", name: "ext" };
    await cluster.create(services, { metadata, spec: { ports: [{ port: 80 }] } });
    await cluster.create(endpoints, {
      metadata,
      subsets: [{ addresses: [{ ip: "192.0.2.1" }], notReadyAddresses: [{ ip: "192.0.2.2" }], ports: [{ port: 80 }] }],
    });
    await cluster.until(async () => (await cluster.list(endpointslices)).length === 1);
    const [slice] = await cluster.list(endpointslices);
    assert.deepEqual(
      slice?.endpoints.map(({ addresses, conditions }) => [addresses[0], conditions.ready]),
      [
        ["192.0.2.1", true],
        ["192.0.2.2", false],
      ],
    );
    assert.equal(
      slice?.metadata.labels?.["endpointslice.kubernetes.io/managed-by"],
      "endpointslicemirroring-controller.k8s.io",
    );
    await cluster.client.delete(endpoints, metadata);
    await cluster.until(async () => (await cluster.list(endpointslices)).length === 0);
  }));
