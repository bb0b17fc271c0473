/** What holds of a claim's status: devices are given once, to a claim as it was asked for, and used only while they are given. */
import { duplicate, type FieldError, forbiddenField, invalidValue, required, tooMany } from "@kubets/machinery";
import { conditionsErrors } from "../conditions.ts";
import { IMMUTABLE, sameValue } from "../field-checks.ts";
import type {
  AllocatedDeviceStatus,
  AllocationResult,
  DeviceClaim,
  ResourceClaim,
  ResourceClaimConsumerReference,
  ResourceClaimStatus,
} from "../generated/types/resource-v1.ts";
import { internalForm } from "../pod/internal-form.ts";
import { requestNameError, requestNames } from "./claim-spec.ts";
import { driverErrors, labelErrors, poolNameErrors } from "./device-checks.ts";

const MAX_CONSUMERS = 256;

export function claimStatusErrors({ spec, status }: ResourceClaim, { status: old }: ResourceClaim): FieldError[] {
  const { allocation, reservedFor = [] } = status;
  const errors = consumersErrors(reservedFor, "status.reservedFor");
  errors.push(...devicesErrors(status, "status.devices"));
  if (allocation && old.allocation && !sameValue(allocation, old.allocation)) {
    const shown = internalForm("api.resource.v1.AllocationResult", allocation);
    errors.push(invalidValue("status.allocation", shown, IMMUTABLE));
  } else if (allocation && !old.allocation)
    errors.push(...allocationErrors(allocation, spec.devices, "status.allocation"));
  if (reservedFor.length && !allocation)
    errors.push(forbiddenField("status.reservedFor", "may not be specified when `allocated` is not set"));
  return errors;
}

function consumersErrors(consumers: readonly ResourceClaimConsumerReference[], field: string): FieldError[] {
  const errors = consumers.length > MAX_CONSUMERS ? [tooMany(field, consumers.length, MAX_CONSUMERS)] : [];
  const uids = consumers.map(({ uid }) => uid);
  for (const [i, { resource, name, uid }] of consumers.entries()) {
    const at = `${field}[${i}]`;
    if (!resource) errors.push(required(`${at}.resource`));
    if (!name) errors.push(required(`${at}.name`));
    if (!uid) errors.push(required(`${at}.uid`));
    if (uid && uids.indexOf(uid) < i) errors.push(duplicate(at, uid));
  }
  return errors;
}

function allocationErrors({ devices }: AllocationResult, claim: DeviceClaim, field: string): FieldError[] {
  const names = requestNames(claim);
  return (devices?.results ?? []).flatMap(({ request, driver, pool, device }, i) => {
    const at = `${field}.devices.results[${i}]`;
    return [
      ...requestNameError(request, names, `${at}.request`),
      ...driverErrors(driver, `${at}.driver`),
      ...poolNameErrors(pool, `${at}.pool`),
      ...labelErrors(device, `${at}.device`),
    ];
  });
}

/** By which a device, or a share of it, is known. */
export const shareOf = (of: Pick<AllocatedDeviceStatus, "driver" | "pool" | "device" | "shareID">): string =>
  `${of.driver}/${of.pool}/${of.device}/${of.shareID ?? ""}`;

/** What is given by an allocation. */
export const sharesOf = (allocation: AllocationResult | undefined): ReadonlySet<string> =>
  new Set((allocation?.devices?.results ?? []).map(shareOf));

/** What drivers tell of devices can be told of allocated ones alone. */
function devicesErrors({ allocation, devices = [] }: ResourceClaimStatus, field: string): FieldError[] {
  const allocated = sharesOf(allocation);
  return devices.flatMap((device, i) => {
    const at = `${field}[${i}]`;
    const { driver, pool, device: name, shareID = "" } = device;
    const shown = { Driver: driver, Pool: pool, Device: name, ShareID: shareID };
    return [
      ...(devices.findIndex((other) => shareOf(other) === shareOf(device)) < i ? [duplicate(at, shown)] : []),
      ...(allocated.has(shareOf(device)) ? [] : [invalidValue(at, shown, "must be an allocated device in the claim")]),
      ...conditionsErrors(device.conditions, `${at}.conditions`),
    ];
  });
}
