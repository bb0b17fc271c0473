/** ValidatingAdmissionPolicyBinding */
import { define } from "../define.ts";
import { validatingadmissionpolicybindings } from "../generated/refs.ts";

export const validatingAdmissionPolicyBindingResource = define(validatingadmissionpolicybindings, {
  categories: ["api-extensions"],
});
