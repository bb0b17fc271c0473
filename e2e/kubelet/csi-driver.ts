/**
 * A storage driver as a process of its own: volumes are folders below its data folder, or loop devices over files there.
 * `node csi-driver.ts REGISTRY_SOCKET SERVICE_SOCKET DATA_FOLDER`; each call that it was asked is a line of `calls` in its data folder.
 */
import { execFileSync } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as csi from "@kubets/kubelet/csi/messages";
import { Registration } from "@kubets/wire/generated/kubelet/plugin-registration";
import { GrpcError, grpcServer, serve } from "@kubets/wire/grpc";

export const DRIVER = "driver.example.com";

const [registrySocket = "", socket = "", data = ""] = process.argv.slice(2);
mkdirSync(data, { recursive: true });
const note = (call: string, request: object) =>
  appendFileSync(join(data, "calls"), `${JSON.stringify({ call, ...request })}\n`);
const run = (program: string, ...args: string[]) => execFileSync(program, args, { encoding: "utf8" }).trim();
const isMounted = (path: string) => {
  try {
    run("mountpoint", "-q", path);
    return true;
  } catch {
    return false;
  }
};
const bind = (from: string, to: string) => {
  if (!isMounted(to)) run("mount", "--bind", from, to);
};
const folderOf = (volume: string) => {
  const folder = join(data, volume);
  mkdirSync(folder, { recursive: true });
  return folder;
};

function deviceOf(volume: string): string {
  const file = join(folderOf(volume), "disk");
  if (!existsSync(file)) writeFileSync(file, Buffer.alloc(1 << 20));
  const known = run("losetup", "-n", "-O", "NAME", "-j", file).split("\n")[0];
  return known || run("losetup", "-f", "--show", file);
}

for (const path of [registrySocket, socket]) rmSync(path, { force: true });
await grpcServer({
  listen: `unix:${socket}`,
  services: [
    serve(csi.Identity, { getPluginInfo: async () => ({ name: DRIVER, vendorVersion: "1" }) }),
    serve(csi.Node, {
      capabilities: async () => ({ capabilities: [1, 2, 3, 4].map((type) => ({ rpc: { type } })) }),
      info: async () => ({
        nodeId: "node-id-1",
        maxVolumesPerNode: 7,
        accessibleTopology: { segments: { "example.com/zone": "a" } },
      }),
      async stage(request) {
        note("stage", request);
        if (request.volumeId === "refused") throw new GrpcError("INVALID_ARGUMENT", "no such volume");
        if (!request.volumeCapability?.block) bind(folderOf(request.volumeId), request.stagingTargetPath);
        return {};
      },
      async unstage(request) {
        note("unstage", request);
        if (isMounted(request.stagingTargetPath)) run("umount", request.stagingTargetPath);
        const file = join(data, request.volumeId, "disk");
        if (existsSync(file)) run("losetup", "-d", deviceOf(request.volumeId));
        return {};
      },
      async publish(request) {
        note("publish", request);
        const { targetPath, volumeId, stagingTargetPath } = request;
        if (request.volumeCapability?.block) {
          if (!existsSync(targetPath)) writeFileSync(targetPath, "");
          bind(deviceOf(volumeId), targetPath);
        } else {
          mkdirSync(targetPath, { recursive: true });
          bind(stagingTargetPath || folderOf(volumeId), targetPath);
        }
        return {};
      },
      async unpublish(request) {
        note("unpublish", request);
        if (isMounted(request.targetPath)) run("umount", request.targetPath);
        rmSync(request.targetPath, { recursive: true, force: true });
        return {};
      },
      async expand(request) {
        note("expand", { ...request, capacityRange: Number(request.capacityRange?.requiredBytes) });
        if (request.volumeId === "handle-stuck") throw new Error("the disk is full");
        return { capacityBytes: request.capacityRange?.requiredBytes ?? 0 };
      },
      async stats({ volumePath }) {
        const { blocks, bavail, bsize } = statfsSync(volumePath);
        return {
          usage: [{ total: blocks * bsize, available: bavail * bsize, used: 4096, unit: csi.UNIT.bytes }],
          // Who writes this file wants a volume that is not well.
          volumeCondition: { abnormal: existsSync(join(volumePath, "sick")), message: "the disk hums" },
        };
      },
    }),
  ],
});
await grpcServer({
  listen: `unix:${registrySocket}`,
  services: [
    serve(Registration, {
      getInfo: async () => ({ type: "CSIPlugin", name: DRIVER, endpoint: socket, supportedVersions: ["1.0.0"] }),
      async notifyRegistrationStatus(status) {
        note("registered", status);
        return {};
      },
    }),
  ],
});
