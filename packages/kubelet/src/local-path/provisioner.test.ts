import assert from "node:assert/strict";
import { test } from "node:test";
import { persistentvolumeclaims, persistentvolumes, storageclasses } from "@kubets/api/generated/refs";
import type { PersistentVolume, PersistentVolumeClaim } from "@kubets/api/generated/types/core-v1";
import type { StorageClass } from "@kubets/api/generated/types/storage-v1";
import { createEventRecorder } from "@kubets/client/cluster-event-recorder";
import { runControllers } from "@kubets/client/controller-runner";
import { SharedInformers } from "@kubets/client/informer/shared-informers";
import { seededRandom, silentLogger, VirtualClock } from "@kubets/machinery";
import { MemoryDisk } from "../disk/memory-disk.ts";
import { NodeApi } from "../testing/node-api.ts";
import { DRIVER, isOurs, localPathProvisioner, PROVISIONER } from "./provisioner.ts";
import { volumeFolders } from "./volume-folders.ts";

const CLASS = { metadata: { name: "local" }, provisioner: PROVISIONER } as StorageClass;
const claimOn = (node: string, more: object = {}) =>
  ({
    kind: "PersistentVolumeClaim",
    apiVersion: "v1",
    metadata: {
      namespace: "default",
      name: "data",
      uid: "u-1",
      resourceVersion: "1",
      creationTimestamp: "2026-01-01T00:00:00Z",
      annotations: { "volume.kubernetes.io/selected-node": node },
    },
    spec: { storageClassName: "local", accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
    status: {},
    ...more,
  }) as PersistentVolumeClaim;

test("a claim is ours when our node was chosen and no volume is bound", () => {
  assert.equal(isOurs(claimOn("node-1"), CLASS, "node-1"), true);
  assert.equal(isOurs(claimOn("node-2"), CLASS, "node-1"), false);
  assert.equal(isOurs(claimOn("node-1"), { ...CLASS, provisioner: "other" }, "node-1"), false);
  const bound = claimOn("node-1", { spec: { volumeName: "v" } });
  assert.equal(isOurs(bound, CLASS, "node-1"), false);
});

test("a volume is made for a claim, and its folder goes with it", async () => {
  const clock = new VirtualClock();
  const { client } = new NodeApi(clock);
  const disk = new MemoryDisk();
  const parts = { client, clock, random: seededRandom(1), log: silentLogger, signal: new AbortController().signal };
  const events = createEventRecorder({ ...parts, component: PROVISIONER, host: "node-1" });
  const cache = new SharedInformers(parts);
  const folders = volumeFolders(disk, "/volumes");
  runControllers([localPathProvisioner({ nodeName: "node-1", folders })], { ...parts, cache, events });
  await client.create(storageclasses, CLASS);
  const { uid } = (await client.create(persistentvolumeclaims, claimOn("node-1"))).metadata;
  const name = `pvc-${uid}`;
  const volume = async () => (await client.list(persistentvolumes)).items.find((each) => each.metadata.name === name);
  const until = async (what: string, look: () => Promise<unknown>) => {
    for (let i = 0; !(await look()); i++, await clock.advance(100))
      if (i > 200) throw new Error(`${what} did not come true`);
  };
  await until("the volume", volume);
  const made = (await volume()) as PersistentVolume;
  assert.deepEqual(made.spec.csi, { driver: DRIVER, volumeHandle: name });
  assert.equal(made.spec.claimRef?.uid, uid);
  assert.ok(await disk.stat(`/volumes/${name}`));
  await client.patch(persistentvolumes, { name }, { type: "merge", body: { status: { phase: "Released" } } });
  await until("its end", async () => !(await volume()));
  assert.equal(await disk.stat(`/volumes/${name}`), undefined);
});
