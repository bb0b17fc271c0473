/** StorageClasses: how volumes are made on demand. What a class says of its volumes never changes. */
import { duplicate, type FieldError, invalidValue, qualifiedName, required } from "@kubets/machinery";
import { define } from "../define.ts";
import { checkForm, checkImmutable, checkOneOf, sameValue } from "../field-checks.ts";
import { storageclasses } from "../generated/refs.ts";
import type { TopologySelectorLabelRequirement, TopologySelectorTerm } from "../generated/types/core-v1.ts";
import type { StorageClass } from "../generated/types/storage-v1.ts";
import { age, column, nameColumn } from "../table.ts";
import { parameterErrors } from "./parameters.ts";

const DEFAULT_ANNOTATIONS = [
  "storageclass.kubernetes.io/is-default-class",
  "storageclass.beta.kubernetes.io/is-default-class",
];

export const storageClassResource = define(storageclasses, {
  shortNames: ["sc"],
  defaults: (storageClass) => {
    storageClass.reclaimPolicy ??= "Delete";
    storageClass.volumeBindingMode ??= "Immediate";
  },
  validate,
  validateUpdate: (storageClass, old) => [
    ...checkImmutable("parameters", storageClass.parameters ?? null, old.parameters),
    ...checkImmutable("provisioner", storageClass.provisioner, old.provisioner),
    ...checkImmutable("reclaimPolicy", storageClass.reclaimPolicy, old.reclaimPolicy),
    ...checkImmutable("volumeBindingMode", storageClass.volumeBindingMode, old.volumeBindingMode),
  ],
  table: {
    columns: [
      nameColumn,
      column("Provisioner"),
      column("ReclaimPolicy"),
      column("VolumeBindingMode"),
      column("AllowVolumeExpansion"),
      column("Age"),
    ],
    cells: (storageClass, now) => [
      isDefault(storageClass) ? `${storageClass.metadata.name} (default)` : storageClass.metadata.name,
      storageClass.provisioner,
      storageClass.reclaimPolicy ?? "Delete",
      storageClass.volumeBindingMode ?? "<unset>",
      storageClass.allowVolumeExpansion ?? false,
      age(storageClass.metadata.creationTimestamp, now),
    ],
  },
});

const isDefault = ({ metadata }: StorageClass): boolean =>
  DEFAULT_ANNOTATIONS.some((key) => metadata.annotations?.[key] === "true");

function validate(storageClass: StorageClass): FieldError[] {
  const { provisioner, parameters, reclaimPolicy, volumeBindingMode: mode, allowedTopologies = [] } = storageClass;
  return [
    ...provisionerErrors(provisioner),
    ...parameterErrors(parameters, { mayBeEmpty: true }),
    ...(reclaimPolicy ? checkOneOf("reclaimPolicy", reclaimPolicy, ["Delete", "Retain"]) : []),
    ...(mode == null
      ? [required("volumeBindingMode")]
      : checkOneOf("volumeBindingMode", mode, ["Immediate", "WaitForFirstConsumer"])),
    ...topologyErrors(allowedTopologies, "allowedTopologies"),
  ];
}

function provisionerErrors(provisioner: string | undefined): FieldError[] {
  if (!provisioner) return [required("provisioner")];
  return qualifiedName(provisioner.toLowerCase()).map((text) => invalidValue("provisioner", provisioner, text));
}

function topologyErrors(terms: readonly TopologySelectorTerm[], field: string): FieldError[] {
  return terms.flatMap((term, i) => {
    const requirements = term.matchLabelExpressions ?? [];
    const errors = requirements.flatMap((requirement, j) => {
      const at = `${field}.matchLabelExpressions[${j}]`;
      const twice = requirements.findIndex(({ key }) => key === requirement.key) < j;
      return [...requirementErrors(requirement, at), ...(twice ? [duplicate(`${at}.key`, requirement.key)] : [])];
    });
    const before = terms.findIndex((other) => sameValue(other, term));
    return before < i ? [...errors, duplicate(`${field}[${i}].matchLabelExpressions`, "")] : errors;
  });
}

function requirementErrors({ key, values }: TopologySelectorLabelRequirement, field: string): FieldError[] {
  const errors = values?.length ? [] : [required(`${field}.values`)];
  for (const [i, value] of (values ?? []).entries())
    if (values.indexOf(value) < i) errors.push(duplicate(`${field}.values[${i}]`, value));
  return [...errors, ...checkForm(`${field}.key`, key, qualifiedName)];
}
