/**
 * Namespaces: rooms for names. A namespace that is deleted stays until whoever put a finalizer into its spec took it out again; the first,
 * "kubernetes", belongs to the controller that empties it.
 */
import { type FieldError, invalidValue } from "@kubets/machinery";
import { dns1123Label, labelKey } from "@kubets/machinery/names";
import { define, keepPart, statusPart } from "../define.ts";
import { namespaces } from "../generated/refs.ts";
import type { Namespace } from "../generated/types/core-v1.ts";
import type { Draft } from "../meta.ts";
import { nameErrors } from "../pod/field-checks.ts";
import { age, column, nameColumn } from "../table.ts";

const FINALIZER = "kubernetes";
const NAME_LABEL = "kubernetes.io/metadata.name";
const STANDARD_FINALIZERS = [FINALIZER, "orphan", "foregroundDeletion"];

export const namespaceResource = define(namespaces, {
  shortNames: ["ns"],
  verbs: ["create", "delete", "get", "list", "patch", "update", "watch"],
  defaults: ({ metadata }) => {
    if (metadata.name) (metadata.labels ??= {})[NAME_LABEL] = metadata.name;
  },
  prepareForCreate: (namespace) => {
    const { finalizers = [] } = namespace.spec;
    namespace.spec.finalizers = finalizers.includes(FINALIZER) ? finalizers : [...finalizers, FINALIZER];
    namespace.status = { phase: "Active" };
  },
  prepareForUpdate: (namespace, old) => {
    keepPart(namespace, old, "spec");
    keepPart(namespace, old, "status");
  },
  isHeld: ({ spec }) => Boolean(spec.finalizers?.length),
  markDeleted: (namespace) => {
    namespace.status = { ...namespace.status, phase: "Terminating" };
    delete namespace.metadata.deletionGracePeriodSeconds;
  },
  validateName: (name, prefix) => (prefix ? dns1123Label(`${name}a`) : dns1123Label(name)),
  validate: finalizerErrors,
  validateUpdate: () => [],
  selectableFields: {
    "status.phase": ({ status }) => status.phase ?? "",
  },
  subresources: {
    status: statusPart<Namespace>({ validateUpdate: phaseErrors }),
    finalize: {
      type: "part",
      part: ["spec", "finalizers"],
      verbs: ["update"],
      prepareForUpdate: (namespace: Draft<Namespace>, old: Namespace) => keepPart(namespace, old, "status"),
      validateUpdate: finalizerErrors,
    },
  },
  table: {
    columns: [nameColumn, column("Status"), column("Age")],
    cells: ({ metadata, status }, now) => [metadata.name, status.phase ?? "", age(metadata.creationTimestamp, now)],
  },
});

function finalizerErrors({ spec }: Namespace): FieldError[] {
  return (spec.finalizers ?? []).flatMap((name, i) => {
    const field = `spec.finalizers[${i}]`;
    const errors = nameErrors(field, name, labelKey);
    if (!name.includes("/") && !STANDARD_FINALIZERS.includes(name)) {
      const detail = "name is neither a standard finalizer name nor is it fully qualified";
      errors.push(invalidValue(field, name, detail));
    }
    return errors;
  });
}

function phaseErrors({ metadata, status }: Namespace): FieldError[] {
  const { phase = "" } = status;
  if (!metadata.deletionTimestamp)
    return phase === "Active"
      ? []
      : [invalidValue("status.Phase", phase, "may only be 'Active' if `deletionTimestamp` is empty")];
  return phase === "Terminating"
    ? []
    : [invalidValue("status.Phase", phase, "may only be 'Terminating' if `deletionTimestamp` is not empty")];
}
