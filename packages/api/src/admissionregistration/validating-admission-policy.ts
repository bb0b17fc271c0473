/** ValidatingAdmissionPolicy */
import { define, keepAllBut } from "../define.ts";
import { validatingadmissionpolicies } from "../generated/refs.ts";

export const validatingAdmissionPolicyResource = define(validatingadmissionpolicies, {
  categories: ["api-extensions"],
  subresources: { status: { type: "status", part: ["status"], prepareForUpdate: keepAllBut("status") } },
});
