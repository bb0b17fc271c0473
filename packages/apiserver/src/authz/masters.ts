/** The group that may do everything, so that no change of roles can lock its members out. */
import { MASTERS } from "../authn/authenticator.ts";
import { ALLOW, type Authorizer, NO_OPINION } from "./authorizer.ts";

export const mastersAuthorizer: Authorizer = {
  name: "system:masters",
  authorize: ({ user }) => (user.groups.includes(MASTERS) ? ALLOW : NO_OPINION),
};

export const alwaysAllow: Authorizer = { name: "AlwaysAllow", authorize: () => ALLOW };
export const alwaysDeny: Authorizer = {
  name: "AlwaysDeny",
  authorize: () => ({ verdict: "noOpinion", why: "Everything is forbidden." }),
};
