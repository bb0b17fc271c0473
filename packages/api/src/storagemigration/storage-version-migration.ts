/** StorageVersionMigrations: that all objects of a resource are to be written anew, in the form in which they are stored today. Served when asked for. */
import { type FieldError, invalidValue, required } from "@kubets/machinery";
import { conditionsErrors } from "../conditions.ts";
import { define } from "../define.ts";
import { checkImmutable } from "../field-checks.ts";
import { storageversionmigrations } from "../generated/refs.ts";
import type { StorageVersionMigration } from "../generated/types/storagemigration-v1beta1.ts";
import { ownStatus, statusSubresource } from "../own-status.ts";

export const storageVersionMigrationResource = define(storageversionmigrations, {
  ...ownStatus,
  stability: "beta",
  validate,
  validateUpdate: (migration, old) => [...validate(migration), ...checkImmutable("spec", migration.spec, old.spec)],
  subresources: { status: statusSubresource(statusErrors) },
});

function validate({ spec }: StorageVersionMigration): FieldError[] {
  return spec.resource?.resource ? [] : [required("spec.resource.resource", "resource is required")];
}

const isTrue = ({ status }: StorageVersionMigration, type: string): boolean =>
  status?.conditions?.some((each) => each.type === type && each.status === "True") ?? false;

/** It ends once, and in one way; the revision from which it began stays. */
function statusErrors(migration: StorageVersionMigration, old: StorageVersionMigration): FieldError[] {
  const { conditions, resourceVersion } = migration.status ?? {};
  const errors = conditionsErrors(conditions, "status.conditions");
  if (isTrue(migration, "Succeeded") && isTrue(migration, "Failed"))
    errors.push(
      invalidValue(
        "status.conditions",
        conditions,
        "Both success and failed conditions cannot be true at the same time",
      ),
    );
  if (isTrue(migration, "Running") && (isTrue(migration, "Succeeded") || isTrue(migration, "Failed")))
    errors.push(
      invalidValue(
        "status.conditions",
        conditions,
        "Running condition cannot be true when success or failed condition is true",
      ),
    );
  for (const end of ["Succeeded", "Failed"])
    if (isTrue(old, end) && !isTrue(migration, end))
      errors.push(
        invalidValue("status.conditions", conditions, `${end} condition cannot be set to false once it is true`),
      );
  if (old.status?.resourceVersion)
    errors.push(...checkImmutable("status.resourceVersion", resourceVersion, old.status.resourceVersion));
  return errors;
}
