/** The resources of authorization.k8s.io. */
import { localSubjectAccessReviewResource } from "./local-subject-access-review.ts";
import { selfSubjectAccessReviewResource } from "./self-subject-access-review.ts";
import { selfSubjectRulesReviewResource } from "./self-subject-rules-review.ts";
import { subjectAccessReviewResource } from "./subject-access-review.ts";

export const authorizationResources = [
  localSubjectAccessReviewResource,
  selfSubjectAccessReviewResource,
  selfSubjectRulesReviewResource,
  subjectAccessReviewResource,
];
