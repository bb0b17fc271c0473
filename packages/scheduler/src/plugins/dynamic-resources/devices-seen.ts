/** The devices of a slice as they count: what features that are off would say of them is left out, and those that need such a feature are none. */
import type { Device, ResourceSlice } from "@kubets/api/generated/types/resource-v1";
import type { SchedulerGates } from "../../feature-gates.ts";

export type DevicesSeen = (slice: ResourceSlice) => readonly Device[];

export const asTold: DevicesSeen = ({ spec }) => spec.devices ?? [];

export function devicesSeen(gates: SchedulerGates): DevicesSeen {
  const parts = gates.enabled("DRAPartitionableDevices");
  const conditions = gates.enabled("DRADeviceBindingConditions") && gates.enabled("DRAResourceClaimDeviceStatus");
  const hidden: (keyof Device)[] = [
    ...(gates.enabled("DRADeviceTaints") ? [] : (["taints"] as const)),
    ...(gates.enabled("DRAConsumableCapacity") ? [] : (["allowMultipleAllocations"] as const)),
    ...(parts ? [] : (["consumesCounters"] as const)),
  ];
  if (conditions && hidden.length === 0) return asTold;
  return ({ spec }) => {
    if (spec.perDeviceNodeSelection && !parts) return [];
    const usable = (spec.devices ?? []).filter(({ bindingConditions }) => conditions || !bindingConditions?.length);
    return usable.map((device) => without(device, hidden));
  };
}

function without(device: Device, hidden: readonly string[]): Device {
  return Object.fromEntries(Object.entries(device).filter(([key]) => !hidden.includes(key))) as unknown as Device;
}
