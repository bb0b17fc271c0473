/** Volumes that are attached to nodes, and enlarged: what the controllers say to drivers, which the test plays. Against the real API server. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  csidrivers,
  events,
  nodes,
  persistentvolumeclaims,
  persistentvolumes,
  pods,
  volumeattachments,
} from "@kubets/api/generated/refs";
import { startCluster, type TestCluster } from "./cluster.ts";

const DRIVER = "disk.example.com";
const NAME = `kubernetes.io/csi/${DRIVER}^disk-1`;
const inDefault = (name: string) => ({ namespace: "default", name });

async function using(body: (cluster: TestCluster) => Promise<void>): Promise<void> {
  const cluster = await startCluster({
    controllers: ["persistentvolume-binder", "attachdetach", "persistentvolume-expander"],
    fate: () => "ready",
  });
  try {
    for (const name of ["node-1", "node-2"]) {
      const annotations = { "volumes.kubernetes.io/controller-managed-attach-detach": "true" };
      if (name === "node-1")
        await cluster.client.patch(nodes, { name }, { type: "merge", body: { metadata: { annotations } } });
      else await cluster.create(nodes, { metadata: { name, annotations } });
    }
    await cluster.create(persistentvolumes, {
      metadata: { name: "pv" },
      spec: {
        capacity: { storage: "1Gi" },
        accessModes: ["ReadWriteOnce"],
        csi: { driver: DRIVER, volumeHandle: "disk-1" },
        storageClassName: "none",
      },
    } as never);
    await cluster.create(persistentvolumeclaims, {
      metadata: inDefault("data"),
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } }, storageClassName: "none" },
    } as never);
    await body(cluster);
  } finally {
    await cluster.stop();
  }
}

const usingData = (name: string, nodeName: string) => ({
  metadata: inDefault(name),
  spec: {
    nodeName,
    terminationGracePeriodSeconds: 0,
    containers: [{ name: "c", image: "i" }],
    volumes: [{ name: "v", persistentVolumeClaim: { claimName: "data" } }],
  },
});

const attachments = async (cluster: TestCluster) =>
  (await cluster.list(volumeattachments)).map(({ spec }) => `${spec.source.persistentVolumeName} on ${spec.nodeName}`);
const attached = async (cluster: TestCluster, node: string) =>
  ((await cluster.get(nodes, node)).status.volumesAttached ?? []).map(({ name }) => name);
const told = async (cluster: TestCluster, reason: string) =>
  (await cluster.list(events)).filter((each) => each.reason === reason).map(({ message }) => message);

async function attach(cluster: TestCluster): Promise<void> {
  const [made] = await cluster.list(volumeattachments);
  assert.ok(made);
  await cluster.client.update(volumeattachments, { ...made, status: { attached: true } } as never, {
    subresource: "status",
  });
}
const uses = (cluster: TestCluster, name: string, volumes: readonly string[]) =>
  cluster.client.patch(
    nodes,
    { name },
    { type: "merge", body: { status: { volumesInUse: volumes } } },
    { subresource: "status" },
  );

test("a volume follows its pods from node to node, never on two, and not before its node has let go", () =>
  using(async (cluster) => {
    await cluster.create(pods, usingData("a", "node-1"));
    await cluster.until(async () => (await attachments(cluster)).join() === "pv on node-1");
    assert.match((await cluster.list(volumeattachments))[0]?.metadata.name ?? "", /^csi-[0-9a-f]{64}$/);
    assert.deepEqual(await attached(cluster, "node-1"), []);
    await attach(cluster);
    await cluster.until(async () => (await attached(cluster, "node-1")).join() === NAME);
    assert.deepEqual(await told(cluster, "SuccessfulAttachVolume"), ['AttachVolume.Attach succeeded for volume "pv" ']);
    await uses(cluster, "node-1", [NAME]);

    await cluster.create(pods, usingData("b", "node-2"));
    await cluster.until(async () => (await told(cluster, "FailedAttachVolume")).length > 0);
    assert.deepEqual(await told(cluster, "FailedAttachVolume"), [
      'Multi-Attach error for volume "pv" Volume is already used by pod(s) a',
    ]);
    await cluster.client.delete(pods, inDefault("a"), { gracePeriodSeconds: 0 });
    await cluster.at(20_000);
    assert.deepEqual(await attachments(cluster), ["pv on node-1"], "it is still in use there");

    await uses(cluster, "node-1", []);
    await cluster.until(async () => (await attachments(cluster)).join() === "pv on node-2");
    assert.deepEqual(await attached(cluster, "node-1"), []);
    const spec = { attacher: DRIVER, nodeName: "node-1", source: { persistentVolumeName: "pv" } };
    await cluster.create(volumeattachments, { metadata: { name: "by-hand" }, spec });
    const written = cluster.writes.length;
    await cluster.at(60_000);
    assert.equal(await cluster.gone(volumeattachments, "by-hand"), false);
    assert.equal(cluster.writes.length, written, "what needs no action costs no write");
  }));

test("a node that is lost keeps no volume: after six minutes, or at once when it is declared out of service", () =>
  using(async (cluster) => {
    const unwell = { status: { conditions: [{ type: "Ready", status: "Unknown" }] } };
    const lose = async (pod: string) => {
      await cluster.create(pods, usingData(pod, "node-2"));
      await cluster.until(async () => (await attachments(cluster)).length === 1);
      await attach(cluster);
      await uses(cluster, "node-2", [NAME]);
      await cluster.client.delete(pods, inDefault(pod), { gracePeriodSeconds: 0 });
      await cluster.at(1000);
    };
    await cluster.client.patch(
      nodes,
      { name: "node-2" },
      { type: "strategic", body: unwell },
      { subresource: "status" },
    );
    await lose("a");
    await cluster.at(5 * 60_000);
    assert.equal((await attachments(cluster)).length, 1);
    await cluster.until(async () => (await attachments(cluster)).length === 0, 70_000);

    await lose("b");
    assert.equal((await attachments(cluster)).length, 1);
    const taints = [{ key: "node.kubernetes.io/out-of-service", value: "nodeshutdown", effect: "NoExecute" }];
    await cluster.client.patch(nodes, { name: "node-2" }, { type: "merge", body: { spec: { taints } } });
    await cluster.until(async () => (await attachments(cluster)).length === 0, 2000);
  }));

test("a driver that attaches nothing is asked for nothing; an error of one that does is told", () =>
  using(async (cluster) => {
    await cluster.create(csidrivers, { metadata: { name: DRIVER }, spec: { attachRequired: false } } as never);
    await cluster.create(pods, usingData("a", "node-1"));
    await cluster.at(5000);
    assert.deepEqual(await attachments(cluster), []);
    await cluster.client.delete(pods, inDefault("a"), { gracePeriodSeconds: 0 });
    await cluster.client.delete(csidrivers, { name: DRIVER });

    await cluster.create(pods, usingData("b", "node-1"));
    await cluster.until(async () => (await attachments(cluster)).length === 1);
    const [made] = await cluster.list(volumeattachments);
    const attachError = { time: "2026-01-01T00:00:00Z", message: "no such disk" };
    await cluster.client.update(volumeattachments, { ...made, status: { attached: false, attachError } } as never, {
      subresource: "status",
    });
    await cluster.until(async () => (await told(cluster, "FailedAttachVolume")).length > 0);
    assert.deepEqual(await told(cluster, "FailedAttachVolume"), [
      'AttachVolume.Attach failed for volume "pv" : no such disk',
    ]);
  }));

test("a claim that asks for more is the driver's to enlarge, and so it is told", () =>
  using(async (cluster) => {
    await cluster.until(async () => (await cluster.get(persistentvolumeclaims, "data")).status.phase === "Bound");
    await cluster.at(1000);
    assert.deepEqual(await told(cluster, "ExternalExpanding"), []);
    const claim = await cluster.get(persistentvolumeclaims, "data");
    const status = { ...claim.status, capacity: { storage: "512Mi" } };
    await cluster.client.update(persistentvolumeclaims, { ...claim, status }, { subresource: "status" });
    const labels = { look: "again" };
    await cluster.client.patch(persistentvolumeclaims, inDefault("data"), {
      type: "merge",
      body: { metadata: { labels } },
    });
    await cluster.until(async () => (await told(cluster, "ExternalExpanding")).length === 1);
    assert.deepEqual(await told(cluster, "ExternalExpanding"), [
      "waiting for an external controller to expand this PVC",
    ]);
  }));

test("a claim tells since when no pod uses it, where that feature is on", async () => {
  const cluster = await startCluster({
    controllers: ["pvc-protection"],
    options: { featureGates: { PersistentVolumeClaimUnusedSinceTime: true } },
    fate: ({ metadata }) => (metadata.name === "ends" ? "succeeded" : "ready"),
  });
  try {
    await cluster.create(persistentvolumeclaims, {
      metadata: inDefault("data"),
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } }, storageClassName: "none" },
    } as never);
    const unused = async () => {
      const { status } = await cluster.get(persistentvolumeclaims, "data");
      return status.conditions?.find(({ type }) => type === "Unused");
    };
    const becomes = (status: string, reason: string) =>
      cluster.until(async () => {
        const now = await unused();
        return now?.status === status && now.reason === reason;
      });
    await becomes("True", "NoPodsUsingPVC");
    const first = (await unused())?.lastTransitionTime;
    await cluster.at(30_000);
    assert.equal((await unused())?.lastTransitionTime, first);
    const { spec } = usingData("ends", "");
    const { nodeName: _, ...waiting } = spec as { nodeName: string };
    await cluster.create(pods, { metadata: inDefault("stays"), spec: waiting } as never);
    await becomes("False", "PodUsingPVC");
    await cluster.create(pods, { metadata: inDefault("ends"), spec: waiting } as never);
    await cluster.until(async () => (await cluster.get(pods, "ends")).status.phase === "Succeeded");
    await cluster.client.delete(pods, inDefault("stays"), { gracePeriodSeconds: 0 });
    await becomes("True", "NoPodsUsingPVC");
    assert.ok(((await unused())?.lastTransitionTime ?? "") > (first ?? ""));
  } finally {
    await cluster.stop();
  }
});
