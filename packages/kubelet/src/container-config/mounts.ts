/** The mounts of a container: its volumes where it wants them, and the files that the kubelet makes. */
import { join, normalize } from "node:path";
import type { Container, VolumeMount } from "@kubets/api/generated/types/core-v1";
import { MountPropagation } from "@kubets/wire/generated/cri";
import type { Disk } from "../disk/disk.ts";
import type { IdMapping } from "../userns/user-namespaces.ts";
import { ContainerConfigError } from "./config-error.ts";
import type { ContainerDevice } from "./container-config.ts";
import type { Env } from "./env.ts";
import { expandStrict } from "./expand.ts";

/** A volume of the pod on the node's disk, or an image: one that the runtime mounts itself, unless its files are at a path. */
export type MountedVolume =
  | { readonly path: string; readonly readOnly: boolean; readonly seLinuxRelabel?: boolean }
  | ImageVolume;

interface ImageVolume {
  readonly image: string;
  /** Which handler of the runtime it was pulled for, where that matters. */
  readonly handler?: string;
  readonly path?: string;
}

export interface ContainerMount {
  readonly containerPath: string;
  readonly hostPath: string;
  readonly readonly: boolean;
  readonly propagation?: number;
  readonly recursiveReadOnly?: boolean;
  /** Who the owners of the files are inside. */
  readonly uidMappings?: readonly IdMapping[];
  readonly gidMappings?: readonly IdMapping[];
  readonly image?: { readonly image: string; readonly runtimeHandler?: string };
  readonly imageSubPath?: string;
}

const PROPAGATION: Readonly<Record<string, number>> = {
  None: MountPropagation.PROPAGATION_PRIVATE,
  HostToContainer: MountPropagation.PROPAGATION_HOST_TO_CONTAINER,
  Bidirectional: MountPropagation.PROPAGATION_BIDIRECTIONAL,
};

/** Makes the folder of a subPath that is not there yet. */
export async function volumeMounts(
  container: Container,
  volumes: ReadonlyMap<string, MountedVolume>,
  env: Env,
  disk: Disk,
): Promise<ContainerMount[]> {
  const mounts: ContainerMount[] = [];
  for (const wanted of container.volumeMounts ?? []) {
    const volume = volumes.get(wanted.name);
    if (!volume)
      throw new ContainerConfigError(
        `cannot find volume ${JSON.stringify(wanted.name)} to mount into container ${JSON.stringify(container.name)}`,
      );
    mounts.push(await volumeMount(wanted, volume, env, disk));
  }
  return mounts;
}

/** Block volumes, as devices of the container. */
export function volumeDevices(container: Container, volumes: ReadonlyMap<string, MountedVolume>): ContainerDevice[] {
  return (container.volumeDevices ?? []).map(({ name, devicePath }) => {
    const volume = volumes.get(name);
    if (!volume || "image" in volume)
      throw new ContainerConfigError(
        `cannot find volume ${JSON.stringify(name)} to pass into container ${JSON.stringify(container.name)}`,
      );
    return { containerPath: devicePath, hostPath: volume.path, permissions: volume.readOnly ? "r" : "mrw" };
  });
}

async function volumeMount(wanted: VolumeMount, volume: MountedVolume, env: Env, disk: Disk): Promise<ContainerMount> {
  const subPath = subPathOf(wanted, env);
  const containerPath = wanted.mountPath.startsWith("/") ? wanted.mountPath : join("/", wanted.mountPath);
  if ("image" in volume)
    return { containerPath, readonly: true, ...(await imageSource(volume, subPath, wanted.name, disk)) };
  return {
    containerPath,
    hostPath: subPath ? await below(volume.path, subPath, wanted.name, disk) : volume.path,
    readonly: (wanted.readOnly ?? false) || volume.readOnly,
    propagation: PROPAGATION[wanted.mountPropagation ?? "None"] ?? MountPropagation.PROPAGATION_PRIVATE,
    ...(wanted.recursiveReadOnly === "Enabled" && { recursiveReadOnly: true }),
  };
}

function subPathOf({ subPath, subPathExpr }: VolumeMount, env: Env): string {
  if (!subPathExpr) return subPath ?? "";
  const { text, missing } = expandStrict(subPathExpr, (name) => env.get(name));
  if (missing.length > 0) throw new ContainerConfigError(`missing value for ${missing.map((name) => name).join(", ")}`);
  return text;
}

async function imageSource({ image, handler, path }: ImageVolume, subPath: string, name: string, disk: Disk) {
  if (path === undefined)
    return {
      hostPath: "",
      image: { image, ...(handler && { runtimeHandler: handler }) },
      ...(subPath && { imageSubPath: subPath }),
    };
  if (!subPath) return { hostPath: path, ...unmapped };
  const { real, isWithin } = await resolved(path, subPath, name, disk);
  const found = isWithin ? await disk.stat(real) : undefined;
  if (found?.kind === "folder") return { hostPath: real, ...unmapped };
  const what = found ? "only directory subpath is supported" : isWithin ? "no such file or directory" : ESCAPES;
  throw imageVolumeError(`failed to ensure image subpath ${JSON.stringify(subPath)} in "${path}": ${what}`);
}

/** The kernel does not show layers above each other with other owners. */
const unmapped = { uidMappings: [], gidMappings: [] };
const ESCAPES = "path escapes from parent";

/** What runtimes say that mount images themselves, when they are asked for the container. */
export const IMAGE_MOUNT_FAILED = "ImageVolumeMountFailed";
export const imageVolumeError = (why: string): ContainerConfigError =>
  new ContainerConfigError(`${IMAGE_MOUNT_FAILED}: ${why}`, "CreateContainerError");

async function below(volume: string, subPath: string, name: string, disk: Disk): Promise<string> {
  const { root, real, isWithin } = await resolved(volume, subPath, name, disk);
  if (!isWithin)
    throw new ContainerConfigError(
      `failed to prepare subPath for volumeMount "${name}" of container: subpath "${real}" not within volume path "${root}"`,
    );
  if (!(await disk.stat(real))) await disk.makeFolder(real, 0o750);
  return real;
}

/** A subPath may lead nowhere else, not by dots and not by links that a container made. */
async function resolved(volume: string, subPath: string, name: string, disk: Disk) {
  if (subPath.startsWith("/") || normalize(subPath).startsWith(".."))
    throw new ContainerConfigError(`subPath ${JSON.stringify(subPath)} of volume ${name} must stay within the volume`);
  const [root, real] = [await disk.realPath(volume), await disk.realPath(join(volume, subPath))];
  return { root, real, isWithin: real === root || real.startsWith(`${root}/`) };
}
