import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Registration } from "@kubets/wire/generated/kubelet/plugin-registration";
import { grpcClient } from "@kubets/wire/grpc";
import * as csi from "../csi/messages.ts";
import { MemoryDisk } from "../disk/memory-disk.ts";
import { startLocalPathDriver } from "./driver.ts";
import { volumeFolders } from "./volume-folders.ts";

test("the driver registers, and shows the folders of volumes at pods' places", async (t) => {
  const kubeletFolder = mkdtempSync(join(tmpdir(), "kubets-driver-"));
  const disk = new MemoryDisk();
  const folders = volumeFolders(disk, "/volumes");
  for (const folder of ["plugins/local-path", "plugins_registry"])
    mkdirSync(join(kubeletFolder, folder), { recursive: true });
  const driver = await startLocalPathDriver({ nodeName: "n", version: "1", disk, folders, kubeletFolder });
  const registry = grpcClient({ target: `unix://${kubeletFolder}/plugins_registry/local-path.sock` });
  const info = await registry.unary(Registration.getInfo, {});
  const client = grpcClient({ target: `unix://${info.endpoint}` });
  t.after(async () => {
    client.close();
    registry.close();
    await driver.close();
    rmSync(kubeletFolder, { recursive: true });
  });
  assert.deepEqual([info.type, info.name], ["CSIPlugin", "local-path.kubets.io"]);
  assert.equal((await client.unary(csi.Node.info, {})).nodeId, "n");

  const target = "/pods/a/mount";
  const publish = (volumeId: string) =>
    client.unary(csi.Node.publish, { volumeId, targetPath: target, volumeCapability: { mount: {} } } as never);
  await assert.rejects(publish("pvc-1"), /has no folder on the node n/);
  await assert.rejects(publish("../etc"), /is no name of a volume/);
  await folders.make("pvc-1");
  await publish("pvc-1");
  await publish("pvc-1");
  assert.deepEqual(await disk.mountsBelow("/pods"), [target]);
  const { usage } = await client.unary(csi.Node.stats, { volumeId: "pvc-1", volumePath: target });
  assert.deepEqual(
    usage.map(({ unit }) => unit),
    [csi.UNIT.bytes, csi.UNIT.inodes],
  );
  const unpublish = () => client.unary(csi.Node.unpublish, { volumeId: "pvc-1", targetPath: target });
  await unpublish();
  await unpublish();
  assert.deepEqual(await disk.mountsBelow("/pods"), []);
  assert.ok(await disk.stat("/volumes/pvc-1"));
});
