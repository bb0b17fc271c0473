/** Sizes, modes and the one source of a persistent volume, and what of it is settled at creation. */
import { type FieldError, forbiddenField, invalidValue, notSupported, required } from "@kubets/machinery";
import { semanticEqual } from "@kubets/machinery/deep-equal";
import { dns1123Subdomain } from "@kubets/machinery/names";
import { parseQuantity } from "@kubets/machinery/quantity";
import type { PersistentVolume, PersistentVolumeSpec } from "../../generated/types/core-v1.ts";
import { immutable, known, nameErrors } from "../../pod/field-checks.ts";
import { internalForm } from "../../pod/internal-form.ts";
import { difference } from "../../pod/spec-difference.ts";
import { accessModeErrors, VOLUME_MODES } from "../../pod/validate-claim-spec.ts";
import { validateNodeSelector } from "../../pod/validate-node-selector.ts";
import type { WriteContext } from "../../resource.ts";
import { basicAmountError } from "../volume-capacity.ts";
import { SOURCES, type SourceName } from "./sources.ts";

export function validateVolume({ spec }: PersistentVolume): FieldError[] {
  const modes = spec.accessModes ?? [];
  const errors = modes.length ? [] : [required("spec.accessModes")];
  errors.push(...accessModeErrors(modes, "spec.accessModes"), ...capacityErrors(spec));
  const policy = spec.persistentVolumeReclaimPolicy;
  if (policy) errors.push(...known("spec.persistentVolumeReclaimPolicy", policy, ["Delete", "Recycle", "Retain"]));
  errors.push(...affinityErrors(spec), ...sourceErrors(spec));
  if (policy === "Recycle" && spec.hostPath && /^\/+\.?$/.test(spec.hostPath.path))
    errors.push(
      forbiddenField("spec.persistentVolumeReclaimPolicy", "may not be 'recycle' for a hostPath mount of '/'"),
    );
  if (spec.storageClassName)
    errors.push(...nameErrors("spec.storageClassName", spec.storageClassName, dns1123Subdomain));
  if (spec.volumeMode !== undefined) errors.push(...known("spec.volumeMode", spec.volumeMode, VOLUME_MODES));
  return [...errors, ...attributesErrors(spec)];
}

function attributesErrors({ volumeAttributesClassName: name, csi }: PersistentVolumeSpec): FieldError[] {
  if (name === undefined) return [];
  const field = "spec.volumeAttributesClassName";
  const errors = name ? nameErrors(field, name, dns1123Subdomain) : [required(field, "an empty string is disallowed")];
  return csi ? errors : [...errors, required("spec.csi", "has to be specified when using volumeAttributesClassName")];
}

function capacityErrors({ capacity = {} }: PersistentVolumeSpec): FieldError[] {
  const entries = Object.entries(capacity);
  const errors = entries.length ? [] : [required("spec.capacity")];
  if (entries.length !== 1 || capacity.storage === undefined)
    errors.push(notSupported("spec.capacity", entries.length ? capacity : null, ["storage"]));
  for (const [name, text] of entries) {
    const field = `spec.capacity[${name}]`;
    errors.push(...basicAmountError(text, field));
    if (parseQuantity(text).sign() <= 0) errors.push(invalidValue(field, text, "must be greater than zero"));
  }
  return errors;
}

function affinityErrors({ nodeAffinity }: PersistentVolumeSpec): FieldError[] {
  if (!nodeAffinity) return [];
  const { required: selector } = nodeAffinity;
  return selector
    ? validateNodeSelector(selector, "spec.nodeAffinity.required")
    : [required("spec.nodeAffinity.required", "must specify required node constraints")];
}

function sourceErrors(spec: PersistentVolumeSpec): FieldError[] {
  const errors: FieldError[] = [];
  let found = 0;
  for (const [name, check] of SOURCES) {
    if (spec[name] === undefined) continue;
    if (found++ > 0 && name !== "flexVolume")
      errors.push(forbiddenField(`spec.${name}`, "may not specify more than 1 volume type"));
    else errors.push(...check(spec, `spec.${name}`));
  }
  return found ? errors : [required("spec", "must specify a volume type")];
}

export function validateVolumeUpdate(
  { spec }: PersistentVolume,
  { spec: old }: PersistentVolume,
  { featureEnabled }: WriteContext,
): FieldError[] {
  const errors: FieldError[] = [];
  const [now, before] = [sourceOf(spec), sourceOf(old)];
  if (!semanticEqual(now, before)) {
    const text = difference(before, now, "spec.persistentvolumesource");
    const detail = `spec.persistentvolumesource is immutable after creation\n${text}`;
    errors.push(forbiddenField("spec.persistentvolumesource", detail));
  }
  if (spec.volumeMode !== old.volumeMode) errors.push(invalidValue("volumeMode", spec.volumeMode ?? null, immutable));
  // A driver that moves the data says from where it can be had then.
  const mayMove = featureEnabled("MutablePVNodeAffinity");
  if (old.nodeAffinity && !mayMove && !semanticEqual(spec.nodeAffinity, old.nodeAffinity)) {
    const value = spec.nodeAffinity ? internalForm("VolumeNodeAffinity", spec.nodeAffinity) : null;
    errors.push(invalidValue("nodeAffinity", value, `${immutable}, except for updating from beta label to GA`));
  }
  if (old.volumeAttributesClassName !== undefined && spec.volumeAttributesClassName === undefined)
    errors.push(forbiddenField("spec.volumeAttributesClassName", "update from non-nil value to nil is forbidden"));
  return errors;
}

/** The sources alone; secrets with which a volume grows may be named later. */
function sourceOf(spec: PersistentVolumeSpec): Partial<Record<SourceName, unknown>> {
  const found: Partial<Record<SourceName, unknown>> = {};
  for (const [name] of SOURCES) if (spec[name] !== undefined) found[name] = spec[name];
  if (!spec.csi) return found;
  const { controllerExpandSecretRef: _, ...csi } = spec.csi;
  return { ...found, csi };
}
