/** Defaults of one volume: what kind it is when it says nothing, and the modes of the files in it. */
import type { DownwardAPIVolumeFile, Volume, VolumeProjection } from "../generated/types/core-v1.ts";
import type { Draft } from "../meta.ts";
import { defaultClaimSpec } from "./default-claim.ts";
import { defaultPullPolicy } from "./image-reference.ts";

const FILE_MODE = 0o644;

export function defaultVolume(volume: Draft<Volume>): void {
  if (!Object.entries(volume).some(([name, source]) => name !== "name" && source != null)) volume.emptyDir = {};

  for (const source of [volume.secret, volume.configMap, volume.downwardAPI, volume.projected])
    if (source) source.defaultMode ??= FILE_MODE;
  for (const file of volume.downwardAPI?.items ?? []) defaultFile(file);
  for (const source of volume.projected?.sources ?? []) defaultProjection(source);

  if (volume.hostPath) volume.hostPath.type ??= "";
  if (volume.image) volume.image.pullPolicy ||= defaultPullPolicy(volume.image.reference);
  if (volume.ephemeral?.volumeClaimTemplate) defaultClaimSpec(volume.ephemeral.volumeClaimTemplate.spec);
  if (volume.iscsi) volume.iscsi.iscsiInterface ||= "default";
  if (volume.azureDisk) defaultAzureDisk(volume.azureDisk);
  if (volume.scaleIO) {
    volume.scaleIO.storageMode ||= "ThinProvisioned";
    volume.scaleIO.fsType ||= "xfs";
  }
  if (volume.rbd) {
    volume.rbd.pool ||= "rbd";
    volume.rbd.user ||= "admin";
    volume.rbd.keyring ||= "/etc/ceph/keyring";
  }
}

export function defaultAzureDisk(disk: {
  cachingMode?: string;
  kind?: string;
  fsType?: string;
  readOnly?: boolean;
}): void {
  disk.cachingMode ??= "ReadWrite";
  disk.kind ??= "Shared";
  disk.fsType ??= "ext4";
  disk.readOnly ??= false;
}

function defaultProjection(source: Draft<VolumeProjection>): void {
  for (const file of source.downwardAPI?.items ?? []) defaultFile(file);
  if (source.serviceAccountToken) source.serviceAccountToken.expirationSeconds ??= 3600;
  if (source.podCertificate) source.podCertificate.maxExpirationSeconds ??= 86400;
}

function defaultFile({ fieldRef, resourceFieldRef }: Draft<DownwardAPIVolumeFile>): void {
  if (fieldRef) fieldRef.apiVersion ||= "v1";
  if (resourceFieldRef) resourceFieldRef.divisor ||= "0";
}
