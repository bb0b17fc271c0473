/** The parts of metadata that clients write: labels, annotations, owners, finalizers, and who manages what. */
import { type FieldError, invalidValue, labelKey, labelValue, qualifiedName, tooLong } from "@kubets/machinery";
import { joined } from "@kubets/machinery/joined";
import type { ManagedFieldsEntry, ObjectMeta, OwnerReference } from "./generated/types/meta-v1.ts";

const MAX_ANNOTATION_BYTES = 256 * 1024;
const OWNERS_THAT_MAY_NOT_BE = new Set(["v1 Event"]);
const LONGEST_MANAGER = 128;

/** Of the object itself, or of one that is embedded at `field`. */
export function validateObjectMetadata(metadata: ObjectMeta, field = "metadata"): FieldError[] {
  return joined(
    metadata.generation !== undefined && metadata.generation < 0
      ? [invalidValue(`${field}.generation`, metadata.generation, "must be greater than or equal to 0")]
      : [],
    validateLabels(metadata.labels, `${field}.labels`),
    validateAnnotations(metadata.annotations, `${field}.annotations`),
    validateOwners(metadata.ownerReferences ?? [], `${field}.ownerReferences`),
    validateFinalizers(metadata.finalizers ?? [], `${field}.finalizers`),
    validateManagedFields(metadata.managedFields ?? [], `${field}.managedFields`),
  );
}

function validateLabels(labels: Readonly<Record<string, string>> | undefined, field: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const key in labels) {
    for (const text of labelKey(key)) errors.push(invalidValue(field, key, text));
    const value = labels[key] as string;
    for (const text of labelValue(value)) errors.push(invalidValue(field, value, text));
  }
  return errors;
}

export function validateAnnotations(
  annotations: Readonly<Record<string, string>> | undefined,
  field: string,
): FieldError[] {
  const errors: FieldError[] = [];
  let bytes = 0;
  for (const key in annotations) {
    for (const text of qualifiedName(key.toLowerCase())) errors.push(invalidValue(field, key, text));
    bytes += Buffer.byteLength(key) + Buffer.byteLength(annotations[key] as string);
  }
  if (bytes > MAX_ANNOTATION_BYTES) errors.push(tooLong(field, MAX_ANNOTATION_BYTES));
  return errors;
}

function validateOwners(owners: readonly OwnerReference[], field: string): FieldError[] {
  const errors: FieldError[] = [];
  let controller: OwnerReference | undefined;
  for (const owner of owners) {
    errors.push(...validateOwner(owner, field));
    if (!owner.controller) continue;
    if (controller)
      errors.push(
        invalidValue(
          field,
          owners,
          `Only one reference can have Controller set to true. Found "true" in references for ${controller.kind}/${controller.name} and ${owner.kind}/${owner.name}`,
        ),
      );
    controller = owner;
  }
  return errors;
}

function validateOwner(owner: OwnerReference, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (!owner.apiVersion || owner.apiVersion.split("/").length > 2)
    errors.push(invalidValue(`${field}.apiVersion`, owner.apiVersion, "version must not be empty"));
  if (!owner.kind) errors.push(invalidValue(`${field}.kind`, owner.kind, "must not be empty"));
  if (!owner.name) errors.push(invalidValue(`${field}.name`, owner.name, "must not be empty"));
  if (!owner.uid) errors.push(invalidValue(`${field}.uid`, owner.uid, "must not be empty"));
  if (OWNERS_THAT_MAY_NOT_BE.has(`${owner.apiVersion} ${owner.kind}`))
    errors.push(invalidValue(field, owner, `/v1, Kind=${owner.kind} is disallowed from being an owner`));
  return errors;
}

function validateFinalizers(finalizers: readonly string[], field: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const finalizer of finalizers)
    for (const text of qualifiedName(finalizer)) errors.push(invalidValue(field, finalizer, text));
  if (finalizers.includes("orphan") && finalizers.includes("foregroundDeletion"))
    errors.push(invalidValue(field, finalizers, "finalizer orphan and foregroundDeletion cannot be both set"));
  return errors;
}

/** A finalizer without a path is one of Kubernetes' own; kinds that people define, and their definitions, are not held to that. */
export function validateStandardFinalizers({ finalizers = [] }: ObjectMeta): FieldError[] {
  const field = "metadata.finalizers";
  return finalizers.flatMap((finalizer, i) =>
    isQualifiedFinalizer(finalizer)
      ? []
      : [
          invalidValue(
            `${field}[${i}]`,
            finalizer,
            "name is neither a standard finalizer name nor is it fully qualified",
          ),
        ],
  );
}

export const isQualifiedFinalizer = (finalizer: string): boolean =>
  finalizer.includes("/") || STANDARD_FINALIZERS.has(finalizer);

const STANDARD_FINALIZERS = new Set(["kubernetes", "orphan", "foregroundDeletion"]);

function validateManagedFields(entries: readonly ManagedFieldsEntry[], field: string): FieldError[] {
  return entries.flatMap((entry, index) => {
    const at = `${field}[${index}]`;
    const errors: FieldError[] = [];
    if (entry.operation !== "Apply" && entry.operation !== "Update")
      errors.push(invalidValue(`${at}.operation`, entry.operation ?? "", "must be `Apply` or `Update`"));
    if (entry.fieldsType && entry.fieldsType !== "FieldsV1")
      errors.push(invalidValue(`${at}.fieldsType`, entry.fieldsType, "must be `FieldsV1`"));
    if ((entry.manager?.length ?? 0) > LONGEST_MANAGER) errors.push(tooLong(`${at}.manager`, LONGEST_MANAGER));
    return errors;
  });
}

/** A manager's name as a query gives it. */
export function validateManagerName(manager: string, field: string): FieldError[] {
  if (manager.length > LONGEST_MANAGER) return [tooLong(field, LONGEST_MANAGER)];
  return /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]*$/u.test(manager)
    ? []
    : [invalidValue(field, manager, "should only contain printable characters")];
}
