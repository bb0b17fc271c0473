/** Subject access reviews: whether someone may do something. Answered, never stored. */
import { define } from "../define.ts";
import { subjectaccessreviews } from "../generated/refs.ts";

export const subjectAccessReviewResource = define(subjectaccessreviews, { verbs: ["create"] });
