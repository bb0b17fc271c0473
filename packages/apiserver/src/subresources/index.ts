/**
 * The one list of what is more than a verb on an object: scale, binding, eviction, tokens, reviews, and what is passed on to nodes. By
 * "resource/subresource", with "*" for all resources, or by the name of a resource that is stored nowhere.
 */
import type { VerbHandler } from "../verbs/index.ts";
import { accessReview, localAccessReview, selfAccessReview, selfRulesReview } from "./access-reviews.ts";
import { bind } from "./binding.ts";
import { nodeConnect, podConnect, serviceConnect } from "./connect.ts";
import { evict } from "./eviction.ts";
import { scale } from "./scale.ts";
import { requestToken } from "./token-request.ts";
import { selfSubjectReview, tokenReview } from "./token-reviews.ts";

export const actions: Readonly<Record<string, VerbHandler>> = {
  "*/scale": scale,
  bindings: bind,
  "pods/binding": bind,
  "pods/eviction": evict,
  "pods/attach": podConnect,
  "pods/exec": podConnect,
  "pods/log": podConnect,
  "pods/portforward": podConnect,
  "pods/proxy": podConnect,
  "nodes/proxy": nodeConnect,
  "services/proxy": serviceConnect,
  "serviceaccounts/token": requestToken,
  localsubjectaccessreviews: localAccessReview,
  selfsubjectaccessreviews: selfAccessReview,
  selfsubjectreviews: selfSubjectReview,
  selfsubjectrulesreviews: selfRulesReview,
  subjectaccessreviews: accessReview,
  tokenreviews: tokenReview,
};
