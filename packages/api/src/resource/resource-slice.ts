/** ResourceSlices: some of the devices that a driver has, and on which nodes they can be used. */
import { type FieldError, invalidValue, required, tooMany } from "@kubets/machinery";
import { define } from "../define.ts";
import { checkImmutable, checkNonNegative, checkSubdomain } from "../field-checks.ts";
import { resourceslices } from "../generated/refs.ts";
import type { ResourceSlice, ResourceSliceSpec } from "../generated/types/resource-v1.ts";
import type { Draft } from "../meta.ts";
import type { WriteContext } from "../resource.ts";
import { age, column, nameColumn } from "../table.ts";
import { devicesErrors } from "./device.ts";
import { driverErrors, labelErrors, poolNameErrors } from "./device-checks.ts";
import { dropLists, hasLists, LIST_ATTRIBUTES } from "./list-attributes.ts";
import { dropMappings, hasMappings, NODE_RESOURCES } from "./node-resources.ts";

const MAX_COUNTER_SETS = 8;
const PLACES = ["nodeName", "nodeSelector", "allNodes", "perDeviceNodeSelection"] as const;
const ONE_PLACE = `exactly one of ${PLACES.map((place) => `\`${place}\``).join(", ")} is required`;

export const resourceSliceResource = define(resourceslices, {
  countsGeneration: true,
  prepareForCreate: (slice, context) => prepare(slice, undefined, context),
  prepareForUpdate: prepare,
  validate,
  validateUpdate: (slice, old) => [
    ...validate(slice),
    ...checkImmutable("spec.driver", slice.spec.driver, old.spec.driver),
    ...checkImmutable("spec.pool.name", slice.spec.pool.name, old.spec.pool.name),
    ...checkImmutable("spec.nodeName", slice.spec.nodeName ?? null, old.spec.nodeName),
  ],
  unknownField: (field) => `field label not supported for resource.k8s.io/v1, Kind=ResourceSlice: ${field}`,
  selectableFields: {
    "spec.nodeName": ({ spec }) => spec.nodeName ?? "",
    "spec.driver": ({ spec }) => spec.driver,
  },
  table: {
    columns: [nameColumn, column("Node"), column("Driver"), column("Pool"), column("Age")],
    cells: ({ metadata, spec }, now) => [
      metadata.name,
      spec.nodeName ?? "",
      spec.driver,
      spec.pool.name,
      age(metadata.creationTimestamp, now),
    ],
  },
});

/** A taint counts from when it came; what a feature that is off would say counts where it was said before. */
function prepare(
  { spec }: Draft<ResourceSlice>,
  old: ResourceSlice | undefined,
  { now, featureEnabled }: WriteContext,
): void {
  if (!featureEnabled(NODE_RESOURCES) && !hasMappings(old?.spec.devices)) dropMappings(spec.devices);
  if (!featureEnabled(LIST_ATTRIBUTES) && !hasLists(old?.spec.devices)) dropLists(spec.devices);
  for (const { taints } of spec.devices ?? []) for (const taint of taints ?? []) taint.timeAdded ||= now;
}

function validate({ spec }: ResourceSlice): FieldError[] {
  const { driver, pool, devices = [], sharedCounters = [] } = spec;
  const errors = driverErrors(driver, "spec.driver");
  errors.push(...poolNameErrors(pool?.name, "spec.pool.name"));
  errors.push(...checkNonNegative("spec.pool.generation", pool?.generation));
  if ((pool?.resourceSliceCount ?? 0) <= 0)
    errors.push(
      invalidValue("spec.pool.resourceSliceCount", pool?.resourceSliceCount ?? 0, "must be greater than zero"),
    );
  errors.push(...placeErrors(spec));
  errors.push(...devicesErrors(devices, "spec.devices"));
  if (sharedCounters.length > MAX_COUNTER_SETS)
    errors.push(tooMany("spec.sharedCounters", sharedCounters.length, MAX_COUNTER_SETS));
  return [...errors, ...sharedCounters.flatMap(({ name }, i) => labelErrors(name, `spec.sharedCounters[${i}].name`))];
}

/** Where the devices are is said in one way. */
function placeErrors(spec: ResourceSliceSpec): FieldError[] {
  const errors: FieldError[] = [];
  if (spec.nodeName) errors.push(...checkSubdomain("spec.nodeName", spec.nodeName));
  else if (spec.nodeName === "")
    errors.push(invalidValue("spec.nodeName", "", "must be either unset or set to a non-empty string"));
  for (const name of ["allNodes", "perDeviceNodeSelection"] as const)
    if (spec[name] === false) errors.push(invalidValue(`spec.${name}`, false, "must be either unset or set to true"));
  const said = PLACES.filter((place) => spec[place]);
  if (!said.length) errors.push(required("spec", ONE_PLACE));
  if (said.length > 1) {
    const shown = `{${said.map((place) => `\`${place}\``).join(", ")}}`;
    errors.push(invalidValue("spec", shown, `${ONE_PLACE}, but multiple fields are set`));
  }
  return errors;
}
