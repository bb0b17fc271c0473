/** Self subject rules reviews: what the caller may do in a namespace. Answered, never stored. */
import { define } from "../define.ts";
import { selfsubjectrulesreviews } from "../generated/refs.ts";

export const selfSubjectRulesReviewResource = define(selfsubjectrulesreviews, { verbs: ["create"] });
