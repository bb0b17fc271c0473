/** What a claim asks of a volume: of claims themselves, and of templates of claims. */
import { type FieldError, forbiddenField, invalidValue, notSupported, required } from "@kubets/machinery";
import { joined } from "@kubets/machinery/joined";
import { validateLabelSelector, validateLabels } from "@kubets/machinery/label-selector";
import { dns1123Label, dns1123Subdomain, labelKey } from "@kubets/machinery/names";
import { parseQuantity } from "@kubets/machinery/quantity";
import type {
  PersistentVolumeClaimSpec,
  PersistentVolumeClaimTemplate,
  TypedLocalObjectReference,
} from "../generated/types/core-v1.ts";
import { known, nameErrors, requiredValue } from "./field-checks.ts";

const ACCESS_MODES = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
export const VOLUME_MODES = ["Block", "Filesystem"];

export function validateClaimSpec(spec: PersistentVolumeClaimSpec, field: string): FieldError[] {
  const { accessModes = [], selector, resources, storageClassName, volumeMode } = spec;
  const errors: FieldError[] = [];
  if (accessModes.length === 0) errors.push(required(`${field}.accessModes`, "at least 1 access mode is required"));
  errors.push(...validateLabelSelector(selector, `${field}.selector`));
  errors.push(...accessModeErrors(accessModes, `${field}.accessModes`));
  errors.push(...sizeErrors(resources?.requests?.storage, `${field}.resources[storage]`));
  if (storageClassName) errors.push(...nameErrors(`${field}.storageClassName`, storageClassName, dns1123Subdomain));
  if (volumeMode !== undefined) errors.push(...known(`${field}.volumeMode`, volumeMode, VOLUME_MODES));
  errors.push(...sourceErrors(spec, field));
  const attributes = spec.volumeAttributesClassName;
  return attributes
    ? joined(errors, nameErrors(`${field}.volumeAttributesClassName`, attributes, dns1123Subdomain))
    : errors;
}

export function accessModeErrors(modes: readonly string[], field: string): FieldError[] {
  const errors = modes
    .filter((mode) => !ACCESS_MODES.includes(mode))
    .map((mode) => notSupported(field, mode, ACCESS_MODES));
  if (
    modes.includes("ReadWriteOncePod") &&
    modes.some((mode) => mode !== "ReadWriteOncePod" && ACCESS_MODES.includes(mode))
  )
    errors.push(forbiddenField(field, "may not use ReadWriteOncePod with other access modes"));
  return errors;
}

function sizeErrors(size: string | undefined, field: string): FieldError[] {
  if (size === undefined) return [required(field)];
  return parseQuantity(size).sign() > 0 ? [] : [invalidValue(field, size, "must be greater than zero")];
}

function sourceErrors(spec: PersistentVolumeClaimSpec, field: string): FieldError[] {
  const { dataSource, dataSourceRef } = spec;
  const errors: FieldError[] = [];
  if (dataSource) errors.push(...referenceErrors(dataSource, `${field}.dataSource`));
  if (dataSourceRef) errors.push(...referenceErrors(dataSourceRef, `${field}.dataSourceRef`));
  const { namespace } = dataSourceRef ?? {};
  if (namespace) {
    errors.push(...nameErrors(`${field}.dataSourceRef.namespace`, namespace, dns1123Label));
    if (dataSource)
      errors.push(
        invalidValue(field, `${field}.dataSource`, "may not be specified when dataSourceRef.namespace is specified"),
      );
  } else if (dataSource && dataSourceRef && !sameReference(dataSource, dataSourceRef))
    errors.push(invalidValue(field, {}, "must match dataSourceRef"));
  return errors;
}

const sameReference = (a: TypedLocalObjectReference, b: TypedLocalObjectReference) =>
  (a.apiGroup ?? "") === (b.apiGroup ?? "") && a.kind === b.kind && a.name === b.name;

function referenceErrors({ apiGroup, kind, name }: Partial<TypedLocalObjectReference>, field: string): FieldError[] {
  const errors = joined(requiredValue(`${field}.name`, name), requiredValue(`${field}.kind`, kind));
  if (!apiGroup && kind !== "PersistentVolumeClaim")
    errors.push(
      invalidValue(field, kind ?? "", "must be 'PersistentVolumeClaim' when referencing the default apiGroup"),
    );
  return apiGroup ? joined(errors, nameErrors(`${field}.apiGroup`, apiGroup, dns1123Subdomain)) : errors;
}

/** The metadata of a template holds labels and annotations, and nothing else. */
export function validateClaimTemplate(template: PersistentVolumeClaimTemplate, field: string): FieldError[] {
  const { labels, annotations, ...others } = template.metadata ?? {};
  const errors = validateLabels(labels, `${field}.metadata.labels`);
  for (const key of Object.keys(annotations ?? {}))
    errors.push(...labelKey(key.toLowerCase()).map((text) => invalidValue(`${field}.metadata.annotations`, key, text)));
  for (const [name, value] of Object.entries(others))
    if (value) errors.push(forbiddenField(`${field}.metadata.${name}`, "cannot be set for an ephemeral volume"));
  return joined(errors, validateClaimSpec(template.spec ?? { resources: {} }, `${field}.spec`));
}
