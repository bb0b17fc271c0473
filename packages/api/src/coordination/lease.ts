/** Leases: who holds something and until when, for leader election and the heartbeats of nodes. */
import { type FieldError, forbiddenField, invalidValue } from "@kubets/machinery";
import { define } from "../define.ts";
import { checkNonNegative } from "../field-checks.ts";
import { leases } from "../generated/refs.ts";
import type { Lease } from "../generated/types/coordination-v1.ts";
import type { Draft } from "../meta.ts";
import type { WriteContext } from "../resource.ts";
import { age, column, nameColumn } from "../table.ts";
import { ELECTION, strategyErrors } from "./election.ts";

export const leaseResource = define(leases, {
  createOnUpdate: true,
  unconditionalUpdate: false,
  prepareForCreate: (lease, context) => dropElection(lease, undefined, context),
  prepareForUpdate: dropElection,
  validate,
  validateUpdate: validate,
  table: {
    columns: [nameColumn, column("Holder"), column("Age")],
    cells: ({ metadata, spec }, now) => [
      metadata.name,
      spec.holderIdentity ?? "",
      age(metadata.creationTimestamp, now),
    ],
  },
});

/** The fields of coordinated elections count only where these are on, or were. */
function dropElection(lease: Draft<Lease>, old: Lease | undefined, context: WriteContext): void {
  if (context.featureEnabled(ELECTION) || old?.spec.strategy !== undefined) return;
  delete lease.spec.strategy;
  delete lease.spec.preferredHolder;
}

function validate({ spec }: Lease): FieldError[] {
  const { leaseDurationSeconds: seconds, strategy, preferredHolder } = spec;
  const errors: FieldError[] = [];
  if (seconds != null && seconds <= 0)
    errors.push(invalidValue("spec.leaseDurationSeconds", seconds, "must be greater than 0"));
  errors.push(...checkNonNegative("spec.leaseTransitions", spec.leaseTransitions));
  if (strategy != null) errors.push(...strategyErrors(strategy, "spec.strategy"));
  if (preferredHolder && !strategy)
    errors.push(forbiddenField("spec.preferredHolder", "may only be specified if `strategy` is defined"));
  return errors;
}
