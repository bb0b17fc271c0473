/** Persistent volumes: storage that outlives pods, of which each belongs to at most one claim. */
import { define, keepAllBut, keepPart, statusPart } from "../../define.ts";
import { persistentvolumes } from "../../generated/refs.ts";
import type { PersistentVolume } from "../../generated/types/core-v1.ts";
import type { Draft } from "../../meta.ts";
import { defaultAzureDisk } from "../../pod/default-volume.ts";
import { deprecatedNodeLabel } from "../../pod/deprecated-labels.ts";
import { roundResources } from "../../pod/round-resources.ts";
import type { WriteContext } from "../../resource.ts";
import { age, column, nameColumn, wide } from "../../table.ts";
import { accessModesText, classWarnings, storageClassOf } from "../access-modes.ts";
import { validateVolume, validateVolumeUpdate } from "./validate.ts";

export const persistentVolumeResource = define(persistentvolumes, {
  shortNames: ["pv"],
  defaults,
  prepareForCreate: (volume, { now }) => {
    volume.status = { phase: "Pending", lastPhaseTransitionTime: now };
  },
  prepareForUpdate: (volume, old) => keepPart(volume, old, "status"),
  validate: validateVolume,
  // The original validates the new volume on two ways into an update, and tells its errors twice.
  validateUpdate: (volume, old, context) => [
    ...validateVolume(volume),
    ...validateVolume(volume),
    ...validateVolumeUpdate(volume, old, context),
  ],
  warnings,
  subresources: { status: statusPart<PersistentVolume>({ prepareForUpdate: onlyStatus }) },
  table: {
    columns: [
      nameColumn,
      column("Capacity"),
      column("Access Modes"),
      column("Reclaim Policy"),
      column("Status"),
      column("Claim"),
      column("StorageClass"),
      column("VolumeAttributesClass"),
      column("Reason"),
      column("Age"),
      wide("VolumeMode"),
    ],
    cells: (volume, now) => {
      const { metadata, spec, status } = volume;
      const { claimRef } = spec;
      return [
        metadata.name,
        spec.capacity?.storage ?? "0",
        accessModesText(spec.accessModes),
        spec.persistentVolumeReclaimPolicy ?? "",
        metadata.deletionTimestamp ? "Terminating" : (status.phase ?? ""),
        claimRef ? `${claimRef.namespace ?? ""}/${claimRef.name ?? ""}` : "",
        storageClassOf(volume),
        spec.volumeAttributesClassName ?? "<unset>",
        status.reason ?? "",
        age(metadata.creationTimestamp, now),
        spec.volumeMode ?? "<unset>",
      ];
    },
  },
});

function defaults({ spec, status }: Draft<PersistentVolume>): void {
  if (status) status.phase ||= "Pending";
  if (!spec) return;
  roundResources(spec.capacity);
  spec.persistentVolumeReclaimPolicy ||= "Retain";
  spec.volumeMode ??= "Filesystem";
  if (spec.hostPath) spec.hostPath.type ??= "";
  if (spec.iscsi) spec.iscsi.iscsiInterface ||= "default";
  if (spec.azureDisk) defaultAzureDisk(spec.azureDisk);
  if (spec.rbd) {
    spec.rbd.pool ||= "rbd";
    spec.rbd.user ||= "admin";
    spec.rbd.keyring ||= "/etc/ceph/keyring";
  }
  if (spec.scaleIO) {
    spec.scaleIO.storageMode ||= "ThinProvisioned";
    spec.scaleIO.fsType ||= "xfs";
  }
}

/** Remembers when the phase changed, unless who changed it said so. */
function onlyStatus(volume: Draft<PersistentVolume>, old: PersistentVolume, { now }: WriteContext): void {
  keepAllBut<PersistentVolume>("status")(volume, old);
  const { status } = volume;
  const said = status.lastPhaseTransitionTime;
  if (status.phase !== old.status.phase && (!said || said === old.status.lastPhaseTransitionTime))
    status.lastPhaseTransitionTime = now;
  else if (!said && old.status.lastPhaseTransitionTime)
    status.lastPhaseTransitionTime = old.status.lastPhaseTransitionTime;
}

const GONE: Readonly<Record<string, string>> = {
  photonPersistentDisk: "deprecated in v1.11, non-functional in v1.16+",
  scaleIO: "deprecated in v1.16, non-functional in v1.22+",
  storageos: "deprecated in v1.22, non-functional in v1.25+",
  glusterfs: "deprecated in v1.25, non-functional in v1.26+",
  rbd: "deprecated in v1.28, non-functional in v1.31+",
  cephfs: "deprecated in v1.28, non-functional in v1.31+",
};
const MOUNT_OPTIONS = "volume.beta.kubernetes.io/mount-options";

function warnings(volume: PersistentVolume): string[] {
  const { metadata, spec } = volume;
  const found = classWarnings(volume);
  if (metadata.annotations?.[MOUNT_OPTIONS] !== undefined)
    found.push(`metadata.annotations[${MOUNT_OPTIONS}]: deprecated since v1.31; use "mountOptions" attribute instead`);
  if (spec.persistentVolumeReclaimPolicy === "Recycle")
    found.push(
      "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.",
    );
  for (const [i, { matchExpressions }] of (spec.nodeAffinity?.required?.nodeSelectorTerms ?? []).entries())
    for (const [j, { key }] of (matchExpressions ?? []).entries()) {
      const text = deprecatedNodeLabel(key);
      const path = `spec.nodeAffinity.required.nodeSelectorTerms[${i}].matchExpressions[${j}].key`;
      if (text) found.push(`${path}: ${key} is ${text}`);
    }
  for (const [name, text] of Object.entries(GONE))
    if ((spec as Readonly<Record<string, unknown>>)[name]) found.push(`spec.${name}: ${text}`);
  return found;
}
