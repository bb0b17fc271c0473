/**
 * The storage driver of the default class: shows a pod the folder of its volume, over a socket of this node, as any driver of the container storage interface does.
 * Holds: each call may be repeated; a volume's folder is made and removed by the provisioner beside it, never here.
 */
import { dirname, join } from "node:path";
import { Registration } from "@kubets/wire/generated/kubelet/plugin-registration";
import { GrpcError, grpcServer, serve } from "@kubets/wire/grpc";
import * as csi from "../csi/messages.ts";
import { type Disk, isMounted } from "../disk/disk.ts";
import { DRIVER } from "./provisioner.ts";
import type { VolumeFolders } from "./volume-folders.ts";

interface LocalPathDriverOptions {
  readonly nodeName: string;
  readonly version: string;
  readonly disk: Disk;
  readonly folders: VolumeFolders;
  /** The kubelet's own, `/var/lib/kubelet`. */
  readonly kubeletFolder: string;
}

interface LocalPathDriver {
  /** The volumes that are mounted stay. */
  close(): Promise<void>;
}

export async function startLocalPathDriver(options: LocalPathDriverOptions): Promise<LocalPathDriver> {
  const { disk, kubeletFolder } = options;
  // Short: the kernel takes 107 characters for the path of a socket, and the folder may be deep.
  const socket = join(kubeletFolder, "plugins", "local-path", "csi.sock");
  const registrySocket = join(kubeletFolder, "plugins_registry", "local-path.sock");
  // An earlier process leaves its sockets when it is killed.
  for (const path of [socket, registrySocket]) {
    await disk.makeFolder(dirname(path));
    await disk.remove(path);
  }
  const driver = await grpcServer({ listen: `unix:${socket}`, services: services(options) });
  const registration = await grpcServer({ listen: `unix:${registrySocket}`, services: [registered(socket)] });
  return {
    async close() {
      await Promise.all([registration.close(), driver.close()]);
    },
  };
}

const registered = (endpoint: string) =>
  serve(Registration, {
    getInfo: async () => ({ type: "CSIPlugin", name: DRIVER, endpoint, supportedVersions: ["1.0.0"] }),
    notifyRegistrationStatus: async () => ({}),
  });

function services({ nodeName, version, disk, folders }: LocalPathDriverOptions) {
  return [
    serve(csi.Identity, { getPluginInfo: async () => ({ name: DRIVER, vendorVersion: version }) }),
    serve(csi.Node, {
      capabilities: async () => ({ capabilities: [{ rpc: { type: csi.CAPABILITY.stats } }] }),
      info: async () => ({ nodeId: nodeName, maxVolumesPerNode: 0 }),
      async publish({ volumeId, targetPath, volumeCapability }) {
        if (volumeCapability?.block)
          throw new GrpcError("INVALID_ARGUMENT", "volumes that are made of folders cannot be block devices");
        const folder = folders.pathOf(volumeId);
        if (!(await disk.stat(folder)))
          throw new GrpcError("NOT_FOUND", `the volume ${volumeId} has no folder on the node ${nodeName}`);
        await disk.makeFolder(targetPath);
        if (!(await isMounted(disk, targetPath))) await disk.bindMount(folder, targetPath);
        return {};
      },
      async unpublish({ targetPath }) {
        if (await isMounted(disk, targetPath)) await disk.unmount(targetPath);
        await disk.remove(targetPath);
        return {};
      },
      async stats({ volumePath }) {
        const { totalBytes, freeBytes, inodes, inodesFree } = await disk.space(volumePath);
        return {
          usage: [
            { unit: csi.UNIT.bytes, total: totalBytes, available: freeBytes, used: totalBytes - freeBytes },
            { unit: csi.UNIT.inodes, total: inodes, available: inodesFree, used: inodes - inodesFree },
          ],
        };
      },
      stage: unimplemented,
      unstage: unimplemented,
      expand: unimplemented,
    }),
  ];
}

const unimplemented = async (): Promise<never> => {
  throw new GrpcError("UNIMPLEMENTED", "volumes that are made of folders need no such step");
};
