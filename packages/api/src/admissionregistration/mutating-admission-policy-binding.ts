/** MutatingAdmissionPolicyBinding */
import { define } from "../define.ts";
import { mutatingadmissionpolicybindings } from "../generated/refs.ts";

export const mutatingAdmissionPolicyBindingResource = define(mutatingadmissionpolicybindings, {
  categories: ["api-extensions"],
});
