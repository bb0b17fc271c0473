/** References to an object of any kind in the same scope. */
import { type FieldError, pathSegmentName, required } from "@kubets/machinery";
import { checkForm, checkSubdomain } from "../field-checks.ts";

interface Reference {
  readonly apiGroup?: string;
  readonly kind: string;
  readonly name: string;
}

export function referenceErrors({ apiGroup, kind, name }: Reference, field: string): FieldError[] {
  const errors = apiGroup == null ? [] : checkSubdomain(`${field}.apiGroup`, apiGroup);
  if (!kind) errors.push(required(`${field}.kind`, "kind is required"));
  else errors.push(...checkForm(`${field}.kind`, kind, pathSegmentName));
  if (!name) errors.push(required(`${field}.name`, "name is required"));
  else errors.push(...checkForm(`${field}.name`, name, pathSegmentName));
  return errors;
}
