/** Self subject access reviews: whether the caller may do something. Answered, never stored. */
import { define } from "../define.ts";
import { selfsubjectaccessreviews } from "../generated/refs.ts";

export const selfSubjectAccessReviewResource = define(selfsubjectaccessreviews, { verbs: ["create"] });
