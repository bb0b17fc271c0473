/** ResourcePoolStatusRequests: a question how much of a driver's devices is taken, answered once in the status. Served when asked for. */
import { type FieldError, invalidValue, required, tooLong, tooMany } from "@kubets/machinery";
import { conditionsErrors } from "../conditions.ts";
import { define } from "../define.ts";
import { checkImmutable, checkNonNegative, checkSubdomain } from "../field-checks.ts";
import { resourcepoolstatusrequests } from "../generated/refs.ts";
import type { PoolStatus, ResourcePoolStatusRequest } from "../generated/types/resource-v1alpha3.ts";
import { keepStatus, statusSubresource } from "../own-status.ts";
import { driverErrors, poolNameErrors } from "./device-checks.ts";

const MAX_POOLS = 1000;
const MAX_PROBLEM = 256;
const COUNTS = ["totalDevices", "allocatedDevices", "availableDevices", "unavailableDevices"] as const;

export const resourcePoolStatusRequestResource = define(resourcepoolstatusrequests, {
  stability: "alpha",
  gate: "DRAResourcePoolStatus",
  prepareForCreate: (request) => {
    delete request.status;
  },
  prepareForUpdate: keepStatus,
  validate: ({ spec }) => [
    ...driverErrors(spec.driver, "spec.driver"),
    ...(spec.poolName === undefined ? [] : poolNameErrors(spec.poolName, "spec.poolName")),
    ...limitErrors(spec.limit),
  ],
  validateUpdate: (request, old) => checkImmutable("spec", request.spec, old.spec),
  subresources: { status: statusSubresource(statusErrors) },
});

function limitErrors(limit: number | undefined): FieldError[] {
  if (limit === undefined) return [];
  if (limit < 1) return [invalidValue("spec.limit", limit, "must be greater than or equal to 1")];
  return limit > MAX_POOLS ? [invalidValue("spec.limit", limit, `must be less than or equal to ${MAX_POOLS}`)] : [];
}

/** An answer, once given, stays. */
function statusErrors({ status }: ResourcePoolStatusRequest, old: ResourcePoolStatusRequest): FieldError[] {
  if (old.status) return checkImmutable("status", status, old.status);
  if (!status) return [];
  const { poolCount, pools = [], conditions } = status;
  return [
    ...conditionsErrors(conditions, "status.conditions"),
    ...(poolCount === undefined ? [required("status.poolCount")] : checkNonNegative("status.poolCount", poolCount)),
    ...(pools.length > MAX_POOLS
      ? [tooMany("status.pools", pools.length, MAX_POOLS)]
      : pools.flatMap((pool, i) => poolErrors(pool, `status.pools[${i}]`))),
  ];
}

function poolErrors(pool: PoolStatus, field: string): FieldError[] {
  const { driver, poolName, nodeName, resourceSliceCount: slices, validationError: problem = "" } = pool;
  return [
    ...driverErrors(driver, `${field}.driver`),
    ...poolNameErrors(poolName, `${field}.poolName`),
    ...checkNonNegative(`${field}.generation`, pool.generation),
    ...(slices !== undefined && slices < 1
      ? [invalidValue(`${field}.resourceSliceCount`, slices, "must be greater than or equal to 1")]
      : []),
    ...COUNTS.flatMap((count) => checkNonNegative(`${field}.${count}`, pool[count])),
    ...(nodeName === undefined ? [] : checkSubdomain(`${field}.nodeName`, nodeName)),
    ...(problem.length > MAX_PROBLEM ? [tooLong(`${field}.validationError`, MAX_PROBLEM)] : []),
  ];
}
