/** When a pod must leave because of a device that it has: at once, at a time, or never. Pure. */
import type { Taint, Toleration } from "@kubets/api/generated/types/core-v1";
import type {
  DeviceRequestAllocationResult,
  DeviceTaint,
  ResourceClaim,
  ResourceSlice,
} from "@kubets/api/generated/types/resource-v1";
import type { DeviceTaintRule } from "@kubets/api/generated/types/resource-v1beta2";
import { tolerates } from "@kubets/api/pod/tolerations";
import { type DeviceId, meansDevice } from "@kubets/api/resource/device-selector";

export const deviceKey = ({ driver, pool, device }: DeviceId): string => `${driver}/${pool}/${device}`;

export const devicesOf = ({ status }: ResourceClaim): readonly DeviceRequestAllocationResult[] =>
  status?.allocation?.devices?.results ?? [];

/** The taints of a slice's devices that drive pods off, by device; those of devices without any are not there. */
export function driversOff({ spec }: ResourceSlice): Map<string, readonly DeviceTaint[]> {
  const found = new Map<string, readonly DeviceTaint[]>();
  for (const { name, taints = [] } of spec.devices ?? []) {
    const off = taints.filter(({ effect }) => effect === "NoExecute");
    if (off.length > 0) found.set(deviceKey({ driver: spec.driver, pool: spec.pool.name, device: name }), off);
  }
  return found;
}

/** The moment, in milliseconds since 1970; undefined when it may stay. */
export function leavesAt(
  claims: readonly ResourceClaim[],
  taintsOf: (device: DeviceId) => readonly DeviceTaint[],
): number | undefined {
  const times = claims
    .flatMap(devicesOf)
    .flatMap((device) =>
      taintsOf(device).flatMap((taint) => endOf(taint, (device.tolerations ?? []) as readonly Toleration[]) ?? []),
    );
  return times.length > 0 ? Math.min(...times) : undefined;
}

/** Whether a rule drives off who holds the claims, or would if that were its effect. */
export const drivesOff = (rule: DeviceTaintRule, claims: readonly ResourceClaim[]): boolean =>
  leavesAt(claims, (device) => (meansDevice(rule, device) ? [{ ...rule.spec.taint, effect: "NoExecute" }] : [])) !==
  undefined;

/** Of the tolerations that bear the taint the shortest counts; one without a time bears it for ever. */
function endOf(taint: DeviceTaint, tolerations: readonly Toleration[]): number | undefined {
  const from = Date.parse(taint.timeAdded ?? "") || 0;
  const bearing = tolerations.filter((toleration) => tolerates(toleration, taint as Taint));
  if (bearing.length === 0) return from;
  const seconds = bearing.flatMap(({ tolerationSeconds }) =>
    tolerationSeconds === undefined ? [] : [Number(tolerationSeconds)],
  );
  return seconds.length > 0 ? from + 1000 * Math.max(0, Math.min(...seconds)) : undefined;
}
