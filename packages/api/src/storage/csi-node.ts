/** CSINodes: which storage drivers a node has, under which of their own names for it. */
import { duplicate, type FieldError, invalidValue, qualifiedName, required } from "@kubets/machinery";
import { define } from "../define.ts";
import { checkNonNegative, IMMUTABLE, sameValue } from "../field-checks.ts";
import { csinodes } from "../generated/refs.ts";
import type { CSINode, CSINodeDriver } from "../generated/types/storage-v1.ts";
import { age, column, nameColumn } from "../table.ts";
import { driverNameErrors } from "./driver-name.ts";

const MAX_NODE_ID = 256;

export const csiNodeResource = define(csinodes, {
  unconditionalUpdate: false,
  validate,
  validateUpdate: (node, old) => [...validate(node), ...immutableErrors(node, old)],
  table: {
    columns: [nameColumn, column("Drivers", "integer"), column("Age")],
    cells: ({ metadata, spec }, now) => [
      metadata.name,
      spec.drivers?.length ?? 0,
      age(metadata.creationTimestamp, now),
    ],
  },
});

function validate({ spec }: CSINode): FieldError[] {
  const names = new Set<string>();
  return (spec.drivers ?? []).flatMap((driver, i) => {
    const errors = driverErrors(driver, names.has(driver.name), `spec.drivers[${i}]`);
    names.add(driver.name);
    return errors;
  });
}

function driverErrors(driver: CSINodeDriver, isTwice: boolean, field: string): FieldError[] {
  const { name, nodeID, topologyKeys, allocatable } = driver;
  const errors = driverNameErrors(`${field}.name`, name);
  if (!nodeID) errors.push(required(`${field}.nodeID`));
  else if (Buffer.byteLength(nodeID) > MAX_NODE_ID)
    errors.push(invalidValue(`${field}.nodeID`, nodeID, `must be ${MAX_NODE_ID} characters or less`));
  errors.push(...checkNonNegative(`${field}.allocatable.count`, allocatable?.count));
  if (isTwice) errors.push(duplicate(`${field}.name`, name));

  const keys = new Set<string>();
  for (const key of topologyKeys ?? []) {
    if (key === "") errors.push(required(field));
    if (keys.has(key)) errors.push(duplicate(field, key));
    keys.add(key);
    errors.push(...qualifiedName(key).map((text) => invalidValue(field, topologyKeys, text)));
  }
  return errors;
}

/** A driver that is there stays what it is, but for how many volumes it can take. */
function immutableErrors({ spec }: CSINode, old: CSINode): FieldError[] {
  const before = new Map((old.spec.drivers ?? []).map((driver) => [driver.name, driver]));
  return (spec.drivers ?? []).flatMap((driver) => {
    const was = before.get(driver.name);
    if (!was || (driver.nodeID === was.nodeID && sameValue(driver.topologyKeys, was.topologyKeys))) return [];
    return [invalidValue("spec.drivers", shown(driver), IMMUTABLE)];
  });
}

const shown = ({ name, nodeID, topologyKeys, allocatable }: CSINodeDriver) => ({
  Name: name,
  NodeID: nodeID,
  TopologyKeys: topologyKeys?.length ? topologyKeys : null,
  Allocatable: allocatable ? { Count: allocatable.count ?? null } : null,
});
