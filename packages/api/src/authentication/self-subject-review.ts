/** Self subject reviews: who the server takes the caller for. Answered, never stored. */
import { define } from "../define.ts";
import { selfsubjectreviews } from "../generated/refs.ts";

export const selfSubjectReviewResource = define(selfsubjectreviews, { verbs: ["create"] });
