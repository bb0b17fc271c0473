/** CSIStorageCapacity */
import { define } from "../define.ts";
import { csistoragecapacities } from "../generated/refs.ts";

export const csiStorageCapacityResource = define(csistoragecapacities, {});
