/** Which devices a DeviceTaintRule means. Pure. */
import type { DeviceTaintRule } from "../generated/types/resource-v1beta2.ts";

export interface DeviceId {
  readonly driver: string;
  readonly pool: string;
  readonly device: string;
}

/** A rule without a selector means no device, one whose selector says nothing all of them. */
export function meansDevice(
  { spec: { deviceSelector } }: DeviceTaintRule,
  { driver, pool, device }: DeviceId,
): boolean {
  if (!deviceSelector) return false;
  const says = (wanted: string | undefined, is: string) => wanted === undefined || wanted === is;
  return says(deviceSelector.driver, driver) && says(deviceSelector.pool, pool) && says(deviceSelector.device, device);
}
