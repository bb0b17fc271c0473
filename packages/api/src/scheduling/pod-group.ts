/** PodGroups: pods that are scheduled together, by a template of a Workload. What is asked for never changes. Served when asked for. */
import { dns1123Label, dns1123Subdomain, type FieldError, tooMany } from "@kubets/machinery";
import { conditionsErrors } from "../conditions.ts";
import { define } from "../define.ts";
import { checkImmutable, checkRequired, checkSubdomain } from "../field-checks.ts";
import { podgroups } from "../generated/refs.ts";
import type { PodGroup, PodGroupSpec } from "../generated/types/scheduling-v1alpha2.ts";
import { ownStatus, statusSubresource } from "../own-status.ts";
import { CLAIMS, dropGated, GROUPS, groupingErrors, MAX_CLAIMS, oneOfErrors } from "./group-checks.ts";

/** What one is made with, and what comes off when no pod of its runs any more. */
export const PROTECTION_FINALIZER = "scheduling.k8s.io/podgroup-protection";

/** All of a spec, in the order in which its errors are told. */
const FIELDS: readonly (keyof PodGroupSpec)[] = [
  "podGroupTemplateRef",
  "schedulingPolicy",
  "schedulingConstraints",
  "resourceClaims",
  "disruptionMode",
  "priorityClassName",
  "priority",
];

export const podGroupResource = define(podgroups, {
  stability: "alpha",
  gate: GROUPS,
  prepareForCreate: (group, context) => {
    ownStatus.prepareForCreate(group);
    dropGated(group.spec, undefined, context);
  },
  prepareForUpdate: (group, old, context) => {
    ownStatus.prepareForUpdate(group, old);
    dropGated(group.spec, old.spec, context);
  },
  validate: ({ spec }) => [...templateErrors(spec, "spec.podGroupTemplateRef"), ...groupingErrors(spec, "spec")],
  validateUpdate: ({ spec }, { spec: old }) =>
    FIELDS.flatMap((field) => checkImmutable(`spec.${field}`, spec[field], old[field])),
  subresources: {
    status: statusSubresource(statusErrors, (group, old, { featureEnabled }) => {
      if (group.status && !featureEnabled(CLAIMS) && !old.spec.resourceClaims?.length)
        delete group.status.resourceClaimStatuses;
    }),
  },
});

function templateErrors({ podGroupTemplateRef: ref }: PodGroupSpec, field: string): FieldError[] {
  if (!ref) return [];
  if (!ref.workload) return oneOfErrors(ref, ["workload"], field);
  return [
    ...checkRequired(`${field}.workload.workloadName`, ref.workload.workloadName, dns1123Subdomain),
    ...checkRequired(`${field}.workload.podGroupTemplateName`, ref.workload.podGroupTemplateName, dns1123Label),
  ];
}

function statusErrors({ status }: PodGroup): FieldError[] {
  const claims = status?.resourceClaimStatuses ?? [];
  const field = "status.resourceClaimStatuses";
  return [
    ...conditionsErrors(status?.conditions, "status.conditions"),
    ...(claims.length > MAX_CLAIMS ? [tooMany(field, claims.length, MAX_CLAIMS)] : []),
    ...claims.flatMap(({ resourceClaimName: name }, i) =>
      name === undefined ? [] : checkSubdomain(`${field}[${i}].resourceClaimName`, name),
    ),
  ];
}
