/** Local subject access reviews: whether someone may do something in one namespace. Answered, never stored. */
import { define } from "../define.ts";
import { localsubjectaccessreviews } from "../generated/refs.ts";

export const localSubjectAccessReviewResource = define(localsubjectaccessreviews, { verbs: ["create"] });
