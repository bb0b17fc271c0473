/** Workloads: templates for groups of pods, which whoever makes the pods makes the groups by. They never change. Served when asked for. */
import { dns1123Label, dns1123Subdomain, type FieldError, pathSegmentName, required } from "@kubets/machinery";
import { define } from "../define.ts";
import { checkForm, checkImmutable, checkRequired } from "../field-checks.ts";
import { workloads } from "../generated/refs.ts";
import type { PodGroupTemplate, Workload } from "../generated/types/scheduling-v1alpha2.ts";
import { dropGated, GROUPS, groupingErrors, namedErrors } from "./group-checks.ts";

const MAX_TEMPLATES = 8;

export const workloadResource = define(workloads, {
  stability: "alpha",
  gate: GROUPS,
  prepareForCreate: ({ spec }, context) => {
    for (const template of spec.podGroupTemplates ?? []) dropGated(template, undefined, context);
  },
  prepareForUpdate: ({ spec }, { spec: old }, context) => {
    for (const [i, template] of (spec.podGroupTemplates ?? []).entries())
      dropGated(template, old.podGroupTemplates[i], context);
  },
  validate,
  validateUpdate: ({ spec }, { spec: old }) => [
    ...checkImmutable("spec.controllerRef", spec.controllerRef, old.controllerRef),
    ...checkImmutable("spec.podGroupTemplates", spec.podGroupTemplates, old.podGroupTemplates),
  ],
});

function validate({ spec: { controllerRef: owner, podGroupTemplates: templates } }: Workload): FieldError[] {
  const errors: FieldError[] = [];
  if (owner?.apiGroup) errors.push(...checkForm("spec.controllerRef.apiGroup", owner.apiGroup, dns1123Subdomain));
  if (owner)
    for (const field of ["kind", "name"] as const)
      errors.push(...checkRequired(`spec.controllerRef.${field}`, owner[field], pathSegmentName));
  const field = "spec.podGroupTemplates";
  if (!templates?.length) return [...errors, required(field)];
  return [...errors, ...namedErrors(templates, MAX_TEMPLATES, templateErrors, field)];
}

const templateErrors = (template: PodGroupTemplate, field: string): FieldError[] => [
  ...checkRequired(`${field}.name`, template.name, dns1123Label),
  ...groupingErrors(template, field),
];
