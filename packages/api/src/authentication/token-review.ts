/** Token reviews: whether a token is good and whose it is. Answered, never stored. */
import { define } from "../define.ts";
import { tokenreviews } from "../generated/refs.ts";

export const tokenReviewResource = define(tokenreviews, { verbs: ["create"] });
