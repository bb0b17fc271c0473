/** Resources of the node itself that devices are made of (CPUs, memory): what a driver may say of them, where that is on. */
import { type FieldError, invalidValue } from "@kubets/machinery";
import { parseQuantity } from "@kubets/machinery/quantity";
import type { Device } from "../generated/types/resource-v1.ts";
import type { Draft } from "../meta.ts";
import { isStandardContainerResource } from "../pod/resource-names.ts";

export const NODE_RESOURCES = "DRANodeAllocatableResources";

export const hasMappings = (devices: readonly Device[] = []): boolean =>
  devices.some(({ nodeAllocatableResourceMappings: mappings }) => mappings !== undefined);

export function dropMappings(devices: readonly Draft<Device>[] = []): void {
  for (const device of devices) delete device.nodeAllocatableResourceMappings;
}

export function mappingErrors(
  { nodeAllocatableResourceMappings = {}, capacity = {} }: Device,
  field: string,
): FieldError[] {
  return Object.entries(nodeAllocatableResourceMappings).flatMap(([name, { capacityKey, allocationMultiplier }]) => {
    const at = `${field}.nodeAllocatableResourceMappings[${name}]`;
    const errors: FieldError[] = [];
    if (!isStandardContainerResource(name))
      errors.push(invalidValue(at, name, "must be cpu, memory, ephemeral-storage or of huge pages"));
    if (capacityKey && !Object.hasOwn(capacity, capacityKey))
      errors.push(invalidValue(`${at}.capacityKey`, capacityKey, "must be the name of a capacity of the device"));
    if (allocationMultiplier !== undefined && parseQuantity(allocationMultiplier).sign() <= 0)
      errors.push(invalidValue(`${at}.allocationMultiplier`, allocationMultiplier, "must be greater than zero"));
    return errors;
  });
}
