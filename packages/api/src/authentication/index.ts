/** The resources of authentication.k8s.io. */
import { selfSubjectReviewResource } from "./self-subject-review.ts";
import { tokenReviewResource } from "./token-review.ts";

export const authenticationResources = [selfSubjectReviewResource, tokenReviewResource];
