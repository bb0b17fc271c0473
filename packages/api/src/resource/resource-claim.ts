/** ResourceClaims: devices that pods ask for, what they were given, and which pods use it. The wish never changes. */
import { type FieldError, invalidValue } from "@kubets/machinery";
import { define } from "../define.ts";
import { IMMUTABLE, sameValue } from "../field-checks.ts";
import { resourceclaims } from "../generated/refs.ts";
import type { ResourceClaim } from "../generated/types/resource-v1.ts";
import type { Draft } from "../meta.ts";
import { ownStatus, statusSubresource } from "../own-status.ts";
import { internalForm } from "../pod/internal-form.ts";
import type { WriteContext } from "../resource.ts";
import { age, column, nameColumn } from "../table.ts";
import { claimSpecErrors, defaultClaimSpec } from "./claim-spec.ts";
import { claimStatusErrors, shareOf, sharesOf } from "./claim-status.ts";

export const resourceClaimResource = define(resourceclaims, {
  ...ownStatus,
  defaults: ({ spec }) => defaultClaimSpec(spec),
  validate: ({ spec }, context) => claimSpecErrors(spec, context, "spec"),
  validateUpdate: immutableErrors,
  subresources: { status: statusSubresource(claimStatusErrors, dropReleased) },
  table: {
    columns: [nameColumn, column("State"), column("Age")],
    cells: (claim, now) => [claim.metadata.name, stateText(claim), age(claim.metadata.creationTimestamp, now)],
  },
});

function immutableErrors({ spec }: ResourceClaim, { spec: old }: ResourceClaim): FieldError[] {
  if (sameValue(spec, old)) return [];
  return [invalidValue("spec", internalForm("api.resource.v1.ResourceClaimSpec", spec), IMMUTABLE)];
}

/** What drivers told of devices goes with their allocation. */
function dropReleased({ status }: Draft<ResourceClaim>, { status: old }: ResourceClaim, context: WriteContext): void {
  if (!status.devices?.length || !context.featureEnabled("DRAResourceClaimDeviceStatus")) return;
  const [before, now] = [sharesOf(old.allocation), sharesOf(status.allocation)];
  const kept = status.devices.filter((each) => !before.has(shareOf(each)) || now.has(shareOf(each)));
  if (kept.length > 0) status.devices = kept;
  else delete status.devices;
}

function stateText({ metadata, status }: ResourceClaim): string {
  const states = metadata.deletionTimestamp ? ["deleted"] : [];
  if (status.allocation) states.push("allocated");
  else if (!metadata.deletionTimestamp) states.push("pending");
  if (status.reservedFor?.length) states.push("reserved");
  return states.join(",");
}
