/** Attributes of devices that are lists of values: which they are, and how they are left out where the feature is off. */
import type { Device, DeviceAttribute } from "../generated/types/resource-v1.ts";
import type { Draft } from "../meta.ts";

/** The gate of these attributes, and of what expressions ask of them. */
export const LIST_ATTRIBUTES = "DRAListTypeAttributes";
/** How many values the attributes of a device may have: the items of lists, and what is no list. */
export const MAX_VALUES = 48;
export const LIST_TYPES = ["bools", "ints", "strings", "versions"] as const;

export const isList = (attribute: DeviceAttribute): boolean => LIST_TYPES.some((type) => attribute[type] !== undefined);

export const hasLists = (devices: readonly Device[] = []): boolean =>
  devices.some(({ attributes = {} }) => Object.values(attributes).some(isList));

export function dropLists(devices: readonly Draft<Device>[] = []): void {
  for (const { attributes = {} } of devices)
    for (const [name, attribute] of Object.entries(attributes)) if (isList(attribute)) delete attributes[name];
}
