/** Persistent volume claims: a wish for a volume. Once made it changes only in size, and in its attributes class once it is bound. */
import { type FieldError, forbiddenField, invalidValue, notSupported } from "@kubets/machinery";
import { semanticEqual } from "@kubets/machinery/deep-equal";
import { parseQuantity, tryParseQuantity } from "@kubets/machinery/quantity";
import { define, keepPart, statusPart } from "../define.ts";
import { persistentvolumeclaims } from "../generated/refs.ts";
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from "../generated/types/core-v1.ts";
import type { Draft } from "../meta.ts";
import { defaultClaimSpec } from "../pod/default-claim.ts";
import { immutable } from "../pod/field-checks.ts";
import { difference } from "../pod/spec-difference.ts";
import { validateClaimSpec } from "../pod/validate-claim-spec.ts";
import { age, column, nameColumn, wide } from "../table.ts";
import { accessModesText, classWarnings, storageClassOf } from "./access-modes.ts";
import { basicAmountErrors } from "./volume-capacity.ts";

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
  prepareForCreate: (claim) => {
    claim.status = { phase: "Pending" };
    settleSources(claim.spec);
  },
  prepareForUpdate: (claim, old) => {
    keepPart(claim, old, "status");
    settleSources(claim.spec);
  },
  validate: ({ spec }) => validateClaimSpec(spec, "spec"),
  validateUpdate: (claim, old) => [...validateClaimSpec(claim.spec, "spec"), ...updateErrors(claim, old)],
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
function settleSources(spec: Draft<PersistentVolumeClaimSpec>): void {
  if (spec.dataSource && !isClaimOrSnapshot(spec.dataSource)) delete spec.dataSource;
  if (spec.dataSourceRef?.namespace !== undefined) delete spec.dataSourceRef;
  const { dataSource, dataSourceRef } = spec;
  if (dataSource && !dataSourceRef) spec.dataSourceRef = { ...dataSource };
  else if (dataSourceRef && !dataSource && isClaimOrSnapshot(dataSourceRef)) {
    const { namespace: _, ...source } = dataSourceRef;
    spec.dataSource = source;
  }
}

const isClaimOrSnapshot = ({ apiGroup, kind }: { apiGroup?: string; kind: string }): boolean =>
  apiGroup ? apiGroup === "snapshot.storage.k8s.io" && kind === "VolumeSnapshot" : kind === "PersistentVolumeClaim";

function updateErrors(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const errors: FieldError[] = [];
  const before = allowedChanges(claim, old);
  if (!semanticEqual(claim.spec, before))
    errors.push(forbiddenField("spec", `${IS_IMMUTABLE}\n${difference(before, claim.spec, "spec")}`));
  else errors.push(...shrinkErrors(claim, old));
  if (claim.spec.volumeMode !== old.spec.volumeMode)
    errors.push(invalidValue("volumeMode", claim.spec.volumeMode ?? null, immutable));
  if (old.spec.volumeAttributesClassName !== undefined && claim.spec.volumeAttributesClassName === undefined)
    errors.push(forbiddenField("spec.volumeAttributesClassName", "update from non-nil value to nil is forbidden"));
  return errors;
}

/** The old spec with what may change taken from the new one. */
function allowedChanges(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): PersistentVolumeClaimSpec {
  const spec = structuredClone(old.spec) as Draft<PersistentVolumeClaimSpec>;
  const now = claim.spec;
  if (!old.spec.volumeName && now.volumeName) spec.volumeName = now.volumeName;
  if (old.spec.storageClassName === undefined && now.storageClassName !== undefined && !old.spec.volumeName)
    spec.storageClassName = now.storageClassName;
  if (claim.status.phase !== "Bound") return spec as PersistentVolumeClaimSpec;
  const size = now.resources?.requests?.storage;
  if (size !== undefined) (spec.resources ??= {}).requests = { ...spec.resources.requests, storage: size };
  if (now.volumeAttributesClassName !== undefined) spec.volumeAttributesClassName = now.volumeAttributesClassName;
  return spec as PersistentVolumeClaimSpec;
}

/** A size that could not be reached may be taken back, but not below what the volume has. */
function shrinkErrors(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const sizeOf = (text: string | undefined) => parseQuantity(text ?? "0");
  const size = sizeOf(claim.spec.resources?.requests?.storage);
  if (size.compare(sizeOf(old.spec.resources?.requests?.storage)) >= 0) return [];
  return size.compare(sizeOf(old.status.capacity?.storage)) < 0
    ? [forbiddenField("spec.resources.requests.storage", "field can not be less than status.capacity")]
    : [];
}

function statusErrors({ status }: PersistentVolumeClaim): FieldError[] {
  const errors = basicAmountErrors(status.capacity, "status.capacity");
  for (const name of Object.keys(status.allocatedResources ?? {}))
    if (name !== "storage" && !name.includes("/"))
      errors.push(notSupported("status.allocatedResources", name, ["storage"]));
  errors.push(...basicAmountErrors(status.allocatedResources, "status.allocatedResources"));
  for (const [name, state] of Object.entries(status.allocatedResourceStatuses ?? {}))
    if (!RESIZE_STATES.includes(state))
      errors.push(notSupported("status.allocatedResourceStatuses", name, RESIZE_STATES));
  return errors;
}

function fractionalSize({ resources }: PersistentVolumeClaimSpec): string[] {
  const text = resources?.requests?.storage;
  const size = text === undefined ? undefined : tryParseQuantity(text);
  return size && size.scaled(-3) % 1000n !== 0n
    ? [`spec.resources.requests[storage]: fractional byte value ${JSON.stringify(text)} is invalid, must be an integer`]
    : [];
}
