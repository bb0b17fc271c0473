/** What is kept in order over years: objects stored in old forms, tokens that nobody uses. Against the real API server on a virtual clock. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { statusWithServers } from "@kubets/api/apiserverinternal/common-version";
import {
  customresourcedefinitions,
  leases,
  podcertificaterequests,
  secrets,
  serviceaccounts,
  storageversionmigrations,
  storageversions,
} from "@kubets/api/generated/refs";
import type { KubeObject } from "@kubets/api/meta";
import type { ResourceRef } from "@kubets/api/resource-ref";
import { servedResources } from "@kubets/api/runtime-config";
import { VirtualClock } from "@kubets/machinery";
import { MemoryStorage } from "@kubets/storage";
import { createKey, createSigningRequest, readSigningRequest } from "@kubets/wire/x509";
import { startCluster, type TestCluster } from "./cluster.ts";

const DAY = 24 * 3_600_000;

const version = (name: string, storage: boolean) => ({
  name,
  served: true,
  storage,
  schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
});
const widgetsIn = (v: string): ResourceRef => ({
  group: "example.com",
  version: v,
  resource: "widgets",
  kind: "Widget",
  namespaced: true,
});

async function migrated(cluster: TestCluster, resource: object): Promise<readonly string[]> {
  const name = `m${Math.floor(cluster.clock.now())}`;
  await cluster.create(storageversionmigrations, { metadata: { name }, spec: { resource } } as never);
  const conditions = async () =>
    ((await cluster.get(storageversionmigrations, name)).status?.conditions ?? []).map(
      ({ type, status, reason }) => `${type} ${status} ${reason}`,
    );
  await cluster.until(async () => (await conditions()).some((each) => /^(Succeeded|Failed)/.test(each)));
  return conditions();
}

test("a migration has every object stored in the version of today, and what is so already is not written", async () => {
  const storage = new MemoryStorage({ clock: new VirtualClock() });
  const cluster = await startCluster({
    storage,
    controllers: ["storage-version-migrator-controller"],
    options: { featureGates: { StorageVersionMigrator: true } },
    features: ["StorageVersionMigrator"],
    resources: servedResources(["storagemigration.k8s.io/v1beta1"], () => true),
  });
  try {
    const names = { plural: "widgets", singular: "widget", kind: "Widget", listKind: "WidgetList" };
    const spec = { group: "example.com", scope: "Namespaced", names };
    const versions = (stored: string) => ["v1", "v2"].map((each) => version(each, each === stored));
    await cluster.create(customresourcedefinitions, {
      metadata: { name: "widgets.example.com" },
      spec: { ...spec, versions: versions("v1") },
    } as never);
    const make = (i: number) =>
      cluster.create(widgetsIn("v1"), {
        apiVersion: "example.com/v1",
        kind: "Widget",
        metadata: { namespace: "default", name: `w${i}` },
      } as never);
    await cluster.until(async () =>
      make(0).then(
        () => true,
        () => false,
      ),
    );
    for (let i = 1; i < 30; i++) await make(i);
    const body = { spec: { versions: versions("v2") } };
    await cluster.client.patch(customresourcedefinitions, { name: "widgets.example.com" }, { type: "merge", body });
    await cluster.at(1000);
    const stored = async () => {
      const { entries } = await storage.list("/registry/example.com/widgets/");
      return entries.map(({ value }) => (JSON.parse(Buffer.from(value).toString()) as KubeObject).apiVersion);
    };
    assert.deepEqual(new Set(await stored()), new Set(["example.com/v1"]));

    const resource = { group: "example.com", resource: "widgets" };
    assert.deepEqual(await migrated(cluster, resource), ["Succeeded True StorageVersionMigrationSucceeded"]);
    assert.deepEqual(new Set(await stored()), new Set(["example.com/v2"]));
    const revisions = async () => (await cluster.list(widgetsIn("v2"))).map(({ metadata }) => metadata.resourceVersion);
    const before = await revisions();
    await cluster.at(1000);
    await migrated(cluster, resource);
    assert.deepEqual(await revisions(), before);
    assert.deepEqual(await migrated(cluster, { resource: "nonsense" }), ["Failed True StorageVersionMigrationFailed"]);
  } finally {
    await cluster.stop();
  }
});

test("a server whose lease is gone is taken out of the storage versions; one that nobody speaks of goes", async () => {
  const cluster = await startCluster({
    controllers: ["storageversion-garbage-collector-controller"],
    options: { featureGates: { StorageVersionAPI: true } },
    features: ["StorageVersionAPI"],
    resources: servedResources(["internal.apiserver.k8s.io/v1alpha1"], () => true),
  });
  try {
    const identity = (name: string, component: string) =>
      cluster.create(leases, {
        metadata: { namespace: "kube-system", name, labels: { "apiserver.kubernetes.io/identity": component } },
      });
    await identity("stays", "kube-apiserver");
    await identity("goes", "kube-apiserver");
    await identity("other", "scheduler");
    const told = async (name: string, written: Readonly<Record<string, string>>) => {
      const made = await cluster.create(storageversions, { metadata: { name }, spec: {} });
      const servers = Object.entries(written).map(([apiServerID, encodingVersion]) => ({
        apiServerID,
        encodingVersion,
        decodableVersions: [encodingVersion],
      }));
      const status = statusWithServers(made, servers, "2026-01-01T00:00:00Z");
      await cluster.client.update(storageversions, { ...made, status }, { subresource: "status" });
    };
    const serversOf = async (name: string) => {
      const { status } = await cluster.get(storageversions, name);
      const common = status.commonEncodingVersion ?? "none";
      return [common, ...(status.storageVersions ?? []).map(({ apiServerID }) => apiServerID)].join(" ");
    };
    await told("apps.deployments", { stays: "apps/v1", goes: "apps/v2" });
    await told("core.pods", { goes: "v1" });
    await told("core.nodes", { stays: "v1", never: "v2", other: "v3" });
    await cluster.until(async () => (await serversOf("core.nodes")) === "v1 stays");
    assert.equal(await serversOf("apps.deployments"), "none stays goes");
    await cluster.client.delete(leases, { namespace: "kube-system", name: "goes" });
    await cluster.until(async () => (await serversOf("apps.deployments")) === "apps/v1 stays");
    await cluster.until(() => cluster.gone(storageversions, "core.pods"));
    const { status } = await cluster.get(storageversions, "apps.deployments");
    assert.deepEqual(
      status.conditions?.map(({ type, status: is }) => [type, is]),
      [["AllEncodingVersionsEqual", "True"]],
    );
  } finally {
    await cluster.stop();
  }
});

test("an automatic token that nobody uses is marked in time and goes later; what people made stays", async () => {
  const cluster = await startCluster({
    controllers: ["legacy-serviceaccount-token-cleaner-controller"],
    options: { legacyTokenCleanUpPeriodMs: DAY },
  });
  cluster.node.silent = true;
  try {
    const account = { namespace: "default", name: "robot" };
    await cluster.create(serviceaccounts, { metadata: account, secrets: [{ name: "automatic" }] } as never);
    for (const name of ["automatic", "by-hand"])
      await cluster.create(secrets, {
        metadata: {
          namespace: "default",
          name,
          annotations: { "kubernetes.io/service-account.name": "robot" },
        },
        type: "kubernetes.io/service-account-token",
      } as never);
    const days = async (count: number) => {
      await cluster.clock.advance(count * DAY);
      await cluster.at(1000);
    };
    const marks = async () =>
      (await cluster.list(secrets)).map(
        ({ metadata }) => `${metadata.name} ${metadata.labels?.["kubernetes.io/legacy-token-invalid-since"] ?? "good"}`,
      );
    await days(1.5);
    assert.deepEqual(await marks(), ["automatic good", "by-hand good"], "for that long uses have not been noted yet");
    await days(1);
    assert.deepEqual(await marks(), ["automatic 2026-01-03", "by-hand good"]);
    await days(1);
    assert.equal((await marks()).length, 2);
    await days(1);
    assert.deepEqual(await marks(), ["by-hand good"]);
  } finally {
    await cluster.stop();
  }
});

test("a request for the certificate of a pod goes after half an hour", async () => {
  const cluster = await startCluster({
    controllers: ["podcertificaterequest-cleaner-controller"],
    options: { featureGates: { PodCertificateRequest: true } },
    features: ["PodCertificateRequest"],
    resources: servedResources(["certificates.k8s.io/v1beta1"], () => true),
  });
  try {
    const { der } = readSigningRequest(createSigningRequest(createKey(), {}));
    await cluster.create(podcertificaterequests, {
      metadata: { namespace: "default", name: "asked" },
      spec: {
        signerName: "example.com/signer",
        podName: "p",
        podUID: "p",
        serviceAccountName: "default",
        serviceAccountUID: "s",
        nodeName: "node-1",
        nodeUID: "n",
        maxExpirationSeconds: 86_400,
        stubPKCS10Request: der.toString("base64"),
      },
    } as never);
    const isGone = () => cluster.gone(podcertificaterequests, "asked");
    await cluster.at(29 * 60_000);
    assert.equal(await isGone(), false);
    await cluster.until(isGone, 2 * 60_000);
  } finally {
    await cluster.stop();
  }
});
