/** CSIDrivers: what the cluster must know of a storage driver before it uses it. */
import { duplicate, type FieldError, invalidValue, required } from "@kubets/machinery";
import { define } from "../define.ts";
import { checkImmutable, checkOneOf, sameValue } from "../field-checks.ts";
import { csidrivers } from "../generated/refs.ts";
import type { CSIDriver, CSIDriverSpec, TokenRequest } from "../generated/types/storage-v1.ts";
import type { Draft } from "../meta.ts";
import type { WriteContext } from "../resource.ts";
import { age, column, nameColumn } from "../table.ts";
import { driverNameErrors } from "./driver-name.ts";

const FS_GROUP_POLICIES = ["File", "None", "ReadWriteOnceWithFSType"];
const LIFECYCLE_MODES = ["Persistent", "Ephemeral"];
const MIN_TOKEN_SECONDS = 600;
const MAX_TOKEN_SECONDS = 2 ** 32;
const MIN_UPDATE_SECONDS = 10;
const TOKENS_IN_ATTRIBUTES =
  "spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes";

export const csiDriverResource = define(csidrivers, {
  unconditionalUpdate: false,
  defaults,
  prepareForCreate: (driver, context) => dropGated(driver, undefined, context),
  // Counts from the first change on: a new driver has no generation.
  prepareForUpdate: (driver, old, context) => {
    dropGated(driver, old, context);
    if (!sameValue(driver.spec, old.spec)) driver.metadata.generation = (old.metadata.generation ?? 0) + 1;
  },
  validate: ({ metadata, spec }) => [...driverNameErrors("name", metadata.name), ...specErrors(spec)],
  validateUpdate: ({ spec }, old) => [
    ...checkImmutable("spec.attachedRequired", spec.attachRequired, old.spec.attachRequired),
    ...checkImmutable("spec.volumeLifecycleModes", spec.volumeLifecycleModes ?? null, old.spec.volumeLifecycleModes),
    ...tokenErrors(spec),
    ...periodErrors(spec),
  ],
  warnings: ({ spec }, old) => (exposesTokens(spec) && !(old && exposesTokens(old.spec)) ? [TOKENS_IN_ATTRIBUTES] : []),
  table: {
    columns: [
      nameColumn,
      column("AttachRequired", "boolean"),
      column("PodInfoOnMount", "boolean"),
      column("StorageCapacity", "boolean"),
      column("TokenRequests"),
      column("RequiresRepublish", "boolean"),
      column("Modes"),
      column("Age"),
    ],
    cells: ({ metadata, spec }, now) => [
      metadata.name,
      spec.attachRequired ?? true,
      spec.podInfoOnMount ?? false,
      spec.storageCapacity ?? false,
      (spec.tokenRequests ?? []).map(({ audience }) => audience).join(",") || "<unset>",
      spec.requiresRepublish ?? false,
      (spec.volumeLifecycleModes ?? []).join(",") || "<none>",
      age(metadata.creationTimestamp, now),
    ],
  },
});

function dropGated({ spec }: Draft<CSIDriver>, old: CSIDriver | undefined, { featureEnabled }: WriteContext): void {
  if (!featureEnabled("VolumeLimitScaling") && old?.spec.preventPodSchedulingIfMissing === undefined)
    delete spec.preventPodSchedulingIfMissing;
}

const exposesTokens = ({ tokenRequests, serviceAccountTokenInSecrets: inSecrets }: CSIDriverSpec): boolean =>
  Boolean(tokenRequests?.length) && inSecrets == null;

function defaults({ spec }: Draft<CSIDriver>): void {
  spec.attachRequired ??= true;
  spec.podInfoOnMount ??= false;
  spec.storageCapacity ??= false;
  spec.fsGroupPolicy ??= "ReadWriteOnceWithFSType";
  if (!spec.volumeLifecycleModes?.length) spec.volumeLifecycleModes = ["Persistent"];
  spec.requiresRepublish ??= false;
  spec.seLinuxMount ??= false;
}

function specErrors(spec: CSIDriverSpec): FieldError[] {
  const { fsGroupPolicy, volumeLifecycleModes = [] } = spec;
  return [
    ...(spec.attachRequired == null ? [required("spec.attachedRequired")] : []),
    ...(spec.podInfoOnMount == null ? [required("spec.podInfoOnMount")] : []),
    ...(spec.storageCapacity == null ? [required("spec.storageCapacity")] : []),
    ...(fsGroupPolicy == null
      ? [required("spec.fsGroupPolicy")]
      : checkOneOf("spec.fsGroupPolicy", fsGroupPolicy, FS_GROUP_POLICIES)),
    ...tokenErrors(spec),
    ...volumeLifecycleModes.flatMap((mode) => checkOneOf("spec.volumeLifecycleModes", mode, LIFECYCLE_MODES)),
    ...periodErrors(spec),
  ];
}

function tokenErrors({ tokenRequests = [], serviceAccountTokenInSecrets: inSecrets }: CSIDriverSpec): FieldError[] {
  const errors = tokenRequests.flatMap((request, i) => {
    const field = `spec.tokenRequests[${i}]`;
    const twice = tokenRequests.findIndex(({ audience }) => audience === request.audience) < i;
    return twice ? [duplicate(`${field}.audience`, request.audience)] : tokenSecondsErrors(request, field);
  });
  if (inSecrets != null && !tokenRequests.length) {
    const detail = "serviceAccountTokenInSecrets is set but no tokenRequests are specified";
    errors.push(invalidValue("spec.serviceAccountTokenInSecrets", inSecrets, detail));
  }
  return errors;
}

function tokenSecondsErrors({ expirationSeconds: seconds }: TokenRequest, field: string): FieldError[] {
  if (seconds == null) return [];
  const at = `${field}.expirationSeconds`;
  if (seconds < MIN_TOKEN_SECONDS)
    return [invalidValue(at, seconds, "may not specify a duration less than 10 minutes")];
  if (seconds > MAX_TOKEN_SECONDS)
    return [invalidValue(at, seconds, "may not specify a duration larger than 2^32 seconds")];
  return [];
}

function periodErrors({ nodeAllocatableUpdatePeriodSeconds: seconds }: CSIDriverSpec): FieldError[] {
  if (seconds == null || seconds >= MIN_UPDATE_SECONDS) return [];
  const detail = `must be greater than or equal to ${MIN_UPDATE_SECONDS} seconds`;
  return [invalidValue("spec.nodeAllocatableUpdatePeriodSeconds", seconds, detail)];
}
