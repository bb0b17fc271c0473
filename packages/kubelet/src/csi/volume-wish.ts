/** One volume of one pod, with everything that its driver is told of it. */
import { csidrivers } from "@kubets/api/generated/refs";
import type { PersistentVolume, Pod, SecretReference } from "@kubets/api/generated/types/core-v1";
import type { CSIDriver } from "@kubets/api/generated/types/storage-v1";
import type { Client } from "@kubets/client/client";
import { isReason } from "@kubets/machinery";
import type { ClaimedVolume } from "../volumes/claims.ts";
import type { VolumeContext } from "../volumes/volume.ts";
import type { CsiDriver, CsiDrivers } from "./drivers.ts";
import type { VolumeCapability } from "./messages.ts";
import { accessModeOf, capabilityOf, ephemeralHandle, lifecycleProblem } from "./requests.ts";

export interface Wish {
  readonly pod: Pod;
  readonly driver: CsiDriver;
  readonly object: CSIDriver | undefined;
  readonly handle: string;
  /** The persistent volume's, or the volume's in the pod. */
  readonly specName: string;
  readonly persistent: PersistentVolume | undefined;
  readonly fsType: string;
  readonly readOnly: boolean;
  readonly block: boolean;
  readonly capability: VolumeCapability;
  readonly attributes: Readonly<Record<string, string>>;
  readonly stageSecret: SecretReference | undefined;
  readonly publishSecret: SecretReference | undefined;
}

export async function wishOf(
  { pod, volume, folder }: VolumeContext,
  claimed: ClaimedVolume | undefined,
  { drivers, client }: { readonly drivers: CsiDrivers; readonly client: Pick<Client, "get"> },
): Promise<Wish> {
  const persistent = claimed?.persistent;
  const inline = volume.csi;
  const source = persistent?.spec.csi;
  const name = source?.driver ?? inline?.driver ?? "";
  const driver = drivers.get(name, "mounter.SetUpAt");
  const object = await driverObject(client, name);
  const problem = lifecycleProblem(object, name, !source);
  if (problem) throw new Error(problem);
  const fsType = source?.fsType ?? inline?.fsType ?? "";
  const readOnly = (source?.readOnly ?? inline?.readOnly ?? false) || claimIsReadOnly(pod, volume.name);
  const block = persistent?.spec.volumeMode === "Block";
  const { fsGroup } = pod.spec.securityContext ?? {};
  const { namespace } = pod.metadata;
  return {
    pod,
    driver,
    object,
    handle: source?.volumeHandle ?? ephemeralHandle(pod.metadata.uid, volume.name),
    specName: persistent?.metadata.name ?? folder.split("/").at(-1) ?? volume.name,
    persistent,
    fsType,
    readOnly,
    block,
    capability: capabilityOf({
      block,
      fsType,
      mountFlags: persistent?.spec.mountOptions ?? [],
      accessMode: accessModeOf(persistent?.spec.accessModes ?? [], driver.can("multiWriter")),
      ...(driver.can("mountGroup") && fsGroup !== undefined && { mountGroup: fsGroup }),
    }),
    attributes: source?.volumeAttributes ?? inline?.volumeAttributes ?? {},
    stageSecret: source?.nodeStageSecretRef,
    publishSecret:
      source?.nodePublishSecretRef ??
      (inline?.nodePublishSecretRef && { namespace, name: inline.nodePublishSecretRef.name ?? "" }),
  };
}

const claimIsReadOnly = ({ spec }: Pod, name: string): boolean =>
  spec.volumes?.find((each) => each.name === name)?.persistentVolumeClaim?.readOnly ?? false;

/** The driver's own object, which says how it wants to be treated. */
export async function driverObject(client: Pick<Client, "get">, name: string): Promise<CSIDriver | undefined> {
  return await client.get(csidrivers, { name }).catch((error: unknown) => {
    if (isReason(error, "NotFound")) return undefined;
    throw error;
  });
}

export const isAttached = (object: CSIDriver | undefined): boolean => object?.spec.attachRequired !== false;
