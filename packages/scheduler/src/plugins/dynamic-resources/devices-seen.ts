/** The devices of a slice as they count: what features that are off would say of them is left out, and those that need such a feature are none. */
import type { Device, ResourceSlice } from "@kubets/api/generated/types/resource-v1";
import { hasLists, isList } from "@kubets/api/resource/list-attributes";
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
  const lists = gates.enabled("DRAListTypeAttributes");
  return ({ spec }) => {
    if (spec.perDeviceNodeSelection && !parts) return [];
    const devices = spec.devices ?? [];
    const usable = conditions ? devices : devices.filter(({ bindingConditions }) => !bindingConditions?.length);
    const told = hidden.length ? usable.map((device) => without(device, hidden)) : usable;
    return !lists && hasLists(told) ? told.map(withoutLists) : told;
  };
}

/** The attribute stays, and says nothing: who asks for it is told that, and gets no device by chance. */
const withoutLists = (device: Device): Device => ({
  ...device,
  attributes: Object.fromEntries(
    Object.entries(device.attributes ?? {}).map(([name, attribute]) => [name, isList(attribute) ? {} : attribute]),
  ),
});

function without(device: Device, hidden: readonly string[]): Device {
  return Object.fromEntries(Object.entries(device).filter(([key]) => !hidden.includes(key))) as unknown as Device;
}
