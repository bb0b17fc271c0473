/** PriorityClasses: names for how much a pod matters. Neither value nor preemption ever change: pods carry copies. */
import { type FieldError, forbiddenField } from "@kubets/machinery";
import { define } from "../define.ts";
import { checkImmutable, checkOneOf } from "../field-checks.ts";
import { priorityclasses } from "../generated/refs.ts";
import type { PriorityClass } from "../generated/types/scheduling-v1.ts";
import { age, column, nameColumn } from "../table.ts";

/** The highest value that is not the system's own. */
export const HIGHEST_USER_PRIORITY = 1_000_000_000;
const SYSTEM_PREFIX = "system-";
const RESERVED = "priority class names with 'system-' prefix are reserved for system use only";

/** The classes that every server makes for itself. */
export const SYSTEM_CLASSES: Readonly<Record<string, number>> = {
  "system-node-critical": 2_000_001_000,
  "system-cluster-critical": 2_000_000_000,
};

export const priorityClassResource = define(priorityclasses, {
  shortNames: ["pc"],
  // It has one, and it never moves: what the generation would count cannot change.
  prepareForCreate: ({ metadata }) => {
    metadata.generation = 1;
  },
  defaults: (priorityClass) => {
    priorityClass.preemptionPolicy ??= "PreemptLowerPriority";
  },
  validate,
  validateUpdate,
  table: {
    columns: [
      nameColumn,
      column("Value", "integer"),
      column("Global-Default", "boolean"),
      column("Age"),
      column("PreemptionPolicy"),
    ],
    cells: ({ metadata, value, globalDefault = false, preemptionPolicy = "" }, now) => [
      metadata.name,
      value,
      globalDefault,
      age(metadata.creationTimestamp, now),
      preemptionPolicy,
    ],
  },
});

function validate({ metadata, value, globalDefault, preemptionPolicy }: PriorityClass): FieldError[] {
  const errors: FieldError[] = [];
  if (metadata.name.startsWith(SYSTEM_PREFIX)) {
    const why = systemMismatch(metadata.name, value, globalDefault ?? false);
    if (why) errors.push(forbiddenField("metadata.name", `${RESERVED}. error: ${why}`));
  } else if (value > HIGHEST_USER_PRIORITY)
    errors.push(
      forbiddenField("value", `maximum allowed value of a user defined priority is ${HIGHEST_USER_PRIORITY}`),
    );
  if (preemptionPolicy != null)
    errors.push(...checkOneOf("preemptionPolicy", preemptionPolicy, ["PreemptLowerPriority", "Never"]));
  return errors;
}

/** Why this is not the system's class of that name; undefined when it is. */
function systemMismatch(name: string, value: number, globalDefault: boolean): string | undefined {
  if (!Object.hasOwn(SYSTEM_CLASSES, name)) return `${name} is not a known system priority class`;
  if (SYSTEM_CLASSES[name] !== value) return `value of ${name} PriorityClass must be ${SYSTEM_CLASSES[name]}`;
  return globalDefault ? `globalDefault of ${name} PriorityClass must be false` : undefined;
}

function validateUpdate({ value, preemptionPolicy }: PriorityClass, old: PriorityClass): FieldError[] {
  return [
    ...(value === old.value ? [] : [forbiddenField("value", "may not be changed in an update.")]),
    ...checkImmutable("preemptionPolicy", preemptionPolicy, old.preemptionPolicy),
  ];
}
