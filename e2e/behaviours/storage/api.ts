/** The objects of storage.k8s.io and the volumes of the core, as the API keeps them. */
import assert from "node:assert/strict";
import { behaviour } from "../behaviour.ts";
import { discovered, type Lifecycle, lifecycle, watched } from "../lifecycle.ts";

const GROUP = "/apis/storage.k8s.io/v1";
const MERGE = { "content-type": "application/merge-patch+json" };

const LIVES: Readonly<Record<string, Lifecycle>> = {
  "CSIInlineVolumes should run through the lifecycle of a CSIDriver": {
    path: `${GROUP}/csidrivers`,
    kind: "CSIDriver",
    spec: { spec: { attachRequired: false, volumeLifecycleModes: ["Ephemeral"] } },
  },
  "CSINodes CSI Conformance should run through the lifecycle of a csinode": {
    path: `${GROUP}/csinodes`,
    kind: "CSINode",
    spec: { spec: { drivers: [{ name: "a.example.com", nodeID: "n", topologyKeys: null }] } },
  },
  "StorageClasses CSI Conformance should run through the lifecycle of a StorageClass": {
    path: `${GROUP}/storageclasses`,
    kind: "StorageClass",
    spec: { provisioner: "example.com/none" },
  },
  "VolumeAttributesClass [FeatureGate:VolumeAttributesClass] should run through the lifecycle of a VolumeAttributesClass":
    {
      path: `${GROUP}/volumeattributesclasses`,
      kind: "VolumeAttributesClass",
      spec: { driverName: "a.example.com", parameters: { iops: "100" } },
    },
};
for (const [words, life] of Object.entries(LIVES))
  behaviour(`[sig-storage] ${words} [Conformance]`, { on: "api" }, (t) => lifecycle(t, life));

behaviour(
  "[sig-storage] CSIStorageCapacity should support CSIStorageCapacities API operations [Conformance]",
  { on: "api" },
  async (t) => {
    await discovered(t, "storage.k8s.io", "v1", "csistoragecapacities");
    const life = {
      path: `${GROUP}/namespaces/${t.namespace}/csistoragecapacities`,
      kind: "CSIStorageCapacity",
      spec: { storageClassName: "any", capacity: "1Gi" },
    };
    await lifecycle(t, life);
    await watched(t, life);
  },
);

behaviour(
  "[sig-storage] CSIInlineVolumes should support CSIVolumeSource in Pod API [Conformance]",
  { on: "api" },
  async (t) => {
    const csi = { driver: "a.example.com", volumeAttributes: { size: "1Gi" }, readOnly: true };
    const spec = {
      // Nobody runs it: what is asked is what the API keeps.
      schedulerName: "none",
      containers: [{ name: "c", image: t.images.pause, volumeMounts: [{ name: "v", mountPath: "/v" }] }],
      volumes: [{ name: "v", csi }],
    };
    const path = `/api/v1/namespaces/${t.namespace}/pods`;
    await lifecycle(t, { path, kind: "Pod", spec: { spec } });
    const made = await t.request("POST", path, { metadata: { name: "kept" }, spec });
    assert.deepEqual(made.json.spec.volumes[0].csi, csi);
  },
);

behaviour(
  "[sig-storage] PersistentVolumes CSI Conformance should apply changes to a pv/pvc status [Conformance]",
  { on: "api" },
  async (t) => {
    const name = t.name("pv");
    const claims = `/api/v1/namespaces/${t.namespace}/persistentvolumeclaims`;
    const shape = { accessModes: ["ReadWriteOnce"], storageClassName: name };
    t.cleanup(() => t.request("DELETE", `/api/v1/persistentvolumes/${name}`));
    const pv = {
      metadata: { name, labels: { mark: name } },
      spec: { ...shape, capacity: { storage: "1Gi" }, csi: { driver: "a.example.com", volumeHandle: name } },
    };
    assert.equal((await t.request("POST", "/api/v1/persistentvolumes", pv)).status, 201);
    const pvc = {
      metadata: { name: "claim" },
      spec: { ...shape, resources: { requests: { storage: "1Gi" } }, volumeName: name },
    };
    assert.equal((await t.request("POST", claims, pvc)).status, 201);
    const volumes = await t.request("GET", `/api/v1/persistentvolumes?labelSelector=mark%3D${name}`);
    assert.equal(volumes.json.items.length, 1);
    assert.equal((await t.request("GET", claims)).json.items.length, 1);

    const statusOf = { claim: `${claims}/claim/status`, volume: `/api/v1/persistentvolumes/${name}/status` };
    await t.eventually("both to be bound", async () => {
      const phases = await Promise.all(Object.values(statusOf).map((path) => t.request("GET", path)));
      return phases.every(({ json }) => json.status.phase === "Bound");
    });
    const condition = (reason: string) => ({ type: "StatusPatched", status: "True", reason, message: "set by a test" });
    const patched = await t.request("PATCH", statusOf.claim, { status: { conditions: [condition("Patched")] } }, MERGE);
    assert.equal(patched.json.status.conditions[0].reason, "Patched", patched.text);
    const told = await t.request(
      "PATCH",
      statusOf.volume,
      { status: { reason: "Patched", message: "by a test" } },
      MERGE,
    );
    assert.deepEqual([told.json.status.reason, told.json.status.message], ["Patched", "by a test"]);

    // Controllers write both in between: then they are read again.
    const replaced = (path: string, change: object) =>
      t.eventually(`${path} to be replaced`, async () => {
        const { json } = await t.request("GET", path);
        const answer = await t.request("PUT", path, { ...json, status: { ...json.status, ...change } });
        return answer.status !== 409 && answer;
      });
    const updated = await replaced(statusOf.claim, { conditions: [condition("Updated")] });
    assert.equal(updated.json.status.conditions[0].reason, "Updated", updated.text);
    const put = await replaced(statusOf.volume, { reason: "Updated" });
    assert.equal(put.json.status.reason, "Updated", put.text);
  },
);

behaviour(
  "[sig-storage] VolumeAttachment Conformance should apply changes to a volumeattachment status [Conformance]",
  { on: "api" },
  async (t) => {
    const name = t.name("attachment");
    const path = `${GROUP}/volumeattachments/${name}`;
    t.cleanup(() => t.request("DELETE", path));
    const spec = { attacher: "a.example.com", nodeName: "none", source: { persistentVolumeName: name } };
    const made = await t.request("POST", `${GROUP}/volumeattachments`, { metadata: { name }, spec });
    assert.equal(made.status, 201, made.text);
    const labelled = await t.request("PATCH", path, { metadata: { labels: { a: "b" } } }, MERGE);
    assert.equal(labelled.json.metadata.labels.a, "b");
    assert.equal((await t.request("GET", `${path}/status`)).json.status.attached, false);
    const patched = await t.request("PATCH", `${path}/status`, { status: { attached: true } }, MERGE);
    assert.equal(patched.json.status.attached, true, patched.text);
    const updated = await t.request("PUT", `${path}/status`, { ...patched.json, status: { attached: false } });
    assert.equal(updated.json.status.attached, false, updated.text);
    assert.equal((await t.request("DELETE", path)).status, 200);
    await t.eventually("it to be gone", async () => (await t.request("GET", path)).status === 404);
  },
);
