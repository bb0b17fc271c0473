/** MutatingAdmissionPolicy */
import { define } from "../define.ts";
import { mutatingadmissionpolicies } from "../generated/refs.ts";

export const mutatingAdmissionPolicyResource = define(mutatingadmissionpolicies, { categories: ["api-extensions"] });
