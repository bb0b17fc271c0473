/** Persistent volume claims: a wish for a volume. Once made it changes only in size, and in its attributes class once it is bound. */
import { type FieldError, forbiddenField, invalidValue, notSupported } from "@kubets/machinery";
import { clone } from "@kubets/machinery/clone";
import { semanticEqual } from "@kubets/machinery/deep-equal";
import { labelKey } from "@kubets/machinery/names";
import { parseQuantity, tryParseQuantity } from "@kubets/machinery/quantity";
import { define, keepPart, statusPart } from "../define.ts";
import { persistentvolumeclaims } from "../generated/refs.ts";
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from "../generated/types/core-v1.ts";
import type { Draft } from "../meta.ts";
import { defaultClaimSpec } from "../pod/default-claim.ts";
import { immutable, nameErrors } from "../pod/field-checks.ts";
import { isNativeResource } from "../pod/resource-names.ts";
import { difference } from "../pod/spec-difference.ts";
import { validateClaimSpec } from "../pod/validate-claim-spec.ts";
import type { WriteContext } from "../resource.ts";
import { age, column, nameColumn, wide } from "../table.ts";
import { accessModesText, CLASS_ANNOTATION, classWarnings, storageClassOf } from "./access-modes.ts";
import { basicAmountError, basicAmountErrors } from "./volume-capacity.ts";

const IS_IMMUTABLE =
  "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
const RESIZE_STATES = [
  "ControllerResizeInProgress",
  "ControllerResizeInfeasible",
  "NodeResizeInProgress",
  "NodeResizeInfeasible",
  "NodeResizePending",
];

export const persistentVolumeClaimResource = define(persistentvolumeclaims, {
  shortNames: ["pvc"],
  defaults: (claim) => {
    if (claim.spec) defaultClaimSpec(claim.spec);
    if (claim.status) claim.status.phase ||= "Pending";
  },
  prepareForCreate: (claim, context) => {
    claim.status = { phase: "Pending" };
    settleSources(claim.spec, undefined, context);
  },
  prepareForUpdate: (claim, old, context) => {
    keepPart(claim, old, "status");
    settleSources(claim.spec, old.spec, context);
  },
  validate: ({ spec }) => validateClaimSpec(spec, "spec"),
  // The original validates the new claim on two ways into an update, and tells its errors twice.
  validateUpdate: (claim, old) => [
    ...validateClaimSpec(claim.spec, "spec"),
    ...validateClaimSpec(claim.spec, "spec"),
    ...updateErrors(claim, old),
  ],
  warnings: (claim) => [...classWarnings(claim), ...fractionalSize(claim.spec)],
  subresources: { status: statusPart<PersistentVolumeClaim>({ validateUpdate: statusErrors }) },
  table: {
    columns: [
      nameColumn,
      column("Status"),
      column("Volume"),
      column("Capacity"),
      column("Access Modes"),
      column("StorageClass"),
      column("VolumeAttributesClass"),
      column("Age"),
      wide("VolumeMode"),
    ],
    cells: (claim, now) => {
      const { metadata, spec, status } = claim;
      const bound = Boolean(spec.volumeName);
      return [
        metadata.name,
        metadata.deletionTimestamp ? "Terminating" : (status.phase ?? ""),
        spec.volumeName ?? "",
        bound ? (status.capacity?.storage ?? "0") : "",
        bound ? accessModesText(status.accessModes) : "",
        storageClassOf(claim),
        spec.volumeAttributesClassName ?? "<unset>",
        age(metadata.creationTimestamp, now),
        spec.volumeMode ?? "<unset>",
      ];
    },
  },
});

/** The same source stands in two places; the older of them knows claims and snapshots alone. */
function settleSources(
  spec: Draft<PersistentVolumeClaimSpec>,
  old: PersistentVolumeClaimSpec | undefined,
  { featureEnabled }: WriteContext,
): void {
  if (spec.dataSource && !isClaimOrSnapshot(spec.dataSource)) delete spec.dataSource;
  if (spec.dataSourceRef?.namespace !== undefined) {
    // Only the newer field can name another namespace, and grants there say whether it may.
    if (featureEnabled("CrossNamespaceVolumeDataSource") || old?.dataSourceRef?.namespace !== undefined) return;
    delete spec.dataSourceRef;
  }
  const { dataSource, dataSourceRef } = spec;
  if (dataSource && !dataSourceRef) spec.dataSourceRef = { ...dataSource };
  else if (dataSourceRef && !dataSource && isClaimOrSnapshot(dataSourceRef)) spec.dataSource = { ...dataSourceRef };
}

const isClaimOrSnapshot = ({ apiGroup, kind }: { apiGroup?: string; kind: string }): boolean =>
  apiGroup ? apiGroup === "snapshot.storage.k8s.io" && kind === "VolumeSnapshot" : kind === "PersistentVolumeClaim";

function updateErrors(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const errors = classAnnotationErrors(claim, old);
  const before = allowedChanges(claim, old);
  if (!semanticEqual(claim.spec, before))
    errors.push(forbiddenField("spec", `${IS_IMMUTABLE}\n${difference(before, claim.spec, "spec")}`));
  errors.push(...shrinkErrors(claim, old));
  if (claim.spec.volumeMode !== old.spec.volumeMode)
    errors.push(invalidValue("volumeMode", claim.spec.volumeMode ?? null, immutable));
  return [...errors, ...attributesErrors(claim.spec, old.spec)];
}

function attributesErrors(
  { volumeAttributesClassName: now }: PersistentVolumeClaimSpec,
  old: PersistentVolumeClaimSpec,
): FieldError[] {
  if (old.volumeAttributesClassName === undefined || now) return [];
  const to = now === undefined ? "nil" : "an empty string";
  return [forbiddenField("spec.volumeAttributesClassName", `update from non-nil value to ${to} is forbidden`)];
}

/** The annotation stays as it was, unless the field takes its place. */
function classAnnotationErrors(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const [now, before] = [claim, old].map(({ metadata }) => metadata.annotations?.[CLASS_ANNOTATION]);
  if (now === before || (now === undefined && takesClass(claim, old) && before !== undefined)) return [];
  return [invalidValue(`metadata.annotations.${CLASS_ANNOTATION}`, now ?? "", immutable)];
}

/** A class may be named where there was none, or only in the annotation, which then must agree. */
function takesClass({ spec }: PersistentVolumeClaim, { spec: old, metadata }: PersistentVolumeClaim): boolean {
  const annotation = metadata.annotations?.[CLASS_ANNOTATION];
  if (old.storageClassName !== undefined || spec.storageClassName === undefined) return false;
  return annotation === undefined || annotation === spec.storageClassName;
}

/** The old spec with what may change taken from the new one. */
function allowedChanges(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): PersistentVolumeClaimSpec {
  const spec = clone(old.spec) as Draft<PersistentVolumeClaimSpec>;
  const now = claim.spec;
  if (!old.spec.volumeName && now.volumeName) spec.volumeName = now.volumeName;
  if (takesClass(claim, old) && now.storageClassName !== undefined) spec.storageClassName = now.storageClassName;
  if (claim.status.phase !== "Bound") return spec as PersistentVolumeClaimSpec;
  const size = now.resources?.requests?.storage;
  if (size !== undefined) (spec.resources ??= {}).requests = { ...spec.resources.requests, storage: size };
  if (now.volumeAttributesClassName !== undefined) spec.volumeAttributesClassName = now.volumeAttributesClassName;
  return spec as PersistentVolumeClaimSpec;
}

/** A size that could not be reached may be taken back, but not as far as what the volume has. */
function shrinkErrors(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const sizeOf = (text: string | undefined) => parseQuantity(text ?? "0");
  const size = sizeOf(claim.spec.resources?.requests?.storage);
  if (size.compare(sizeOf(old.spec.resources?.requests?.storage)) >= 0) return [];
  return size.compare(sizeOf(old.status.capacity?.storage)) <= 0
    ? [forbiddenField("spec.resources.requests.storage", "field can not be less than status.capacity")]
    : [];
}

function statusErrors({ status }: PersistentVolumeClaim): FieldError[] {
  const errors = basicAmountErrors(status.capacity, "status.capacity");
  for (const [name, state] of Object.entries(status.allocatedResourceStatuses ?? {})) {
    errors.push(...resourceKeyErrors("status.allocatedResourceStatuses", name));
    if (!RESIZE_STATES.includes(state))
      errors.push(notSupported("status.allocatedResourceStatuses", name, RESIZE_STATES));
  }
  for (const [name, text] of Object.entries(status.allocatedResources ?? {})) {
    const invalid = resourceKeyErrors("status.allocatedResources", name);
    errors.push(...(invalid.length ? invalid : basicAmountError(text, `status.allocatedResources[${name}]`)));
  }
  return errors;
}

/** Of the system's own resources a claim has only storage. */
function resourceKeyErrors(field: string, name: string): FieldError[] {
  const errors = nameErrors(field, name, labelKey);
  if (errors.length || !isNativeResource(name) || name === "storage") return errors;
  return [notSupported(field, name, ["storage"])];
}

function fractionalSize({ resources }: PersistentVolumeClaimSpec): string[] {
  const text = resources?.requests?.storage;
  const size = text === undefined ? undefined : tryParseQuantity(text);
  return size && size.scaled(-3) % 1000n !== 0n
    ? [`spec.resources.requests[storage]: fractional byte value ${JSON.stringify(text)} is invalid, must be an integer`]
    : [];
}
