/** CSIStorageCapacities: how much a driver can still give of a class in one part of the cluster. */
import { type FieldError, validateLabelSelector } from "@kubets/machinery";
import { createdColumns } from "../created-columns.ts";
import { define } from "../define.ts";
import { checkImmutable, checkSubdomain } from "../field-checks.ts";
import { csistoragecapacities } from "../generated/refs.ts";
import type { CSIStorageCapacity } from "../generated/types/storage-v1.ts";
import { checkNonNegativeQuantity } from "../quantity-checks.ts";

export const csiStorageCapacityResource = define(csistoragecapacities, {
  unconditionalUpdate: false,
  validate,
  validateUpdate: (capacity, old) => [
    ...checkImmutable("nodeTopology", capacity.nodeTopology ?? null, old.nodeTopology),
    ...checkImmutable("storageClassName", capacity.storageClassName, old.storageClassName),
    ...checkNonNegativeQuantity("capacity", capacity.capacity),
  ],
  table: createdColumns,
});

function validate(object: CSIStorageCapacity): FieldError[] {
  return [
    ...checkSubdomain("storageClassName", object.storageClassName ?? ""),
    ...validateLabelSelector(object.nodeTopology, "nodeTopology"),
    ...checkNonNegativeQuantity("capacity", object.capacity),
  ];
}
