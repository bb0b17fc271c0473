/** MutatingAdmissionPolicyBindings: where a policy changes things, and with which parameters. */
import type { FieldError } from "@kubets/machinery";
import { define } from "../define.ts";
import { mutatingadmissionpolicybindings } from "../generated/refs.ts";
import type { MutatingAdmissionPolicyBinding } from "../generated/types/admissionregistration-v1.ts";
import { age, column, nameColumn } from "../table.ts";
import { paramRefErrors, paramRefText, policyNameErrors } from "./policy.ts";
import { defaultMatchResources, matchResourcesErrors } from "./rules.ts";

export const mutatingAdmissionPolicyBindingResource = define(mutatingadmissionpolicybindings, {
  categories: ["api-extensions"],
  countsGeneration: true,
  unconditionalUpdate: false,
  defaults: ({ spec }) => defaultMatchResources(spec.matchResources),
  validate,
  validateUpdate: validate,
  table: {
    columns: [nameColumn, column("PolicyName"), column("ParamRef"), column("Age")],
    cells: ({ metadata, spec }, now) => [
      metadata.name,
      spec.policyName ?? "",
      paramRefText(spec.paramRef),
      age(metadata.creationTimestamp, now),
    ],
  },
});

function validate({ spec }: MutatingAdmissionPolicyBinding): FieldError[] {
  return [
    ...policyNameErrors(spec.policyName, "spec.policyName"),
    ...paramRefErrors(spec.paramRef, "spec.paramRef"),
    ...(spec.matchResources ? matchResourcesErrors(spec.matchResources, "spec.matchResources") : []),
  ];
}
