/** What bindings of policies have in common, whatever their policies do: where the policy holds, and with which parameters. */
import type { FieldError } from "@kubets/machinery";
import type { MutatingAdmissionPolicyBinding } from "../generated/types/admissionregistration-v1.ts";
import type { Draft } from "../meta.ts";
import { age, column, nameColumn } from "../table.ts";
import { paramRefErrors, paramRefText, policyNameErrors } from "./policy.ts";
import { defaultMatchResources, matchResourcesErrors } from "./rules.ts";
import { staticNames } from "./static-names.ts";

type Binding = Pick<MutatingAdmissionPolicyBinding, "metadata" | "spec">;

export const policyBinding = {
  categories: ["api-extensions"],
  countsGeneration: true,
  unconditionalUpdate: false,
  ...staticNames,
  defaults: ({ spec }: Draft<Binding>) => defaultMatchResources(spec.matchResources),
  table: {
    columns: [nameColumn, column("PolicyName"), column("ParamRef"), column("Age")],
    cells: ({ metadata, spec }: Binding, now: number) => [
      metadata.name,
      spec.policyName ?? "",
      paramRefText(spec.paramRef),
      age(metadata.creationTimestamp, now),
    ],
  },
};

export const policyBindingErrors = ({ policyName, paramRef, matchResources }: Binding["spec"]): FieldError[] => [
  ...policyNameErrors(policyName, "spec.policyName"),
  ...paramRefErrors(paramRef, "spec.paramRef"),
  ...(matchResources ? matchResourcesErrors(matchResources, "spec.matchResources") : []),
];
