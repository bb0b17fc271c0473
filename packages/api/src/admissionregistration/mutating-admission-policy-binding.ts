/** MutatingAdmissionPolicyBindings: where a policy changes things, and with which parameters. */
import { define } from "../define.ts";
import { mutatingadmissionpolicybindings } from "../generated/refs.ts";
import { policyBinding, policyBindingErrors } from "./policy-binding.ts";

export const mutatingAdmissionPolicyBindingResource = define(mutatingadmissionpolicybindings, {
  ...policyBinding,
  validate: ({ spec }) => policyBindingErrors(spec),
  validateUpdate: ({ spec }) => policyBindingErrors(spec),
});
