/** The one list of authorizers, by their names in --authorization-mode. */
import type { Authorizer } from "./authorizer.ts";
import { AuthorizerChain } from "./chain.ts";
import { alwaysAllow, alwaysDeny, mastersAuthorizer } from "./masters.ts";
import { rbacAuthorizer } from "./rbac/authorizer.ts";
import type { RbacPolicy } from "./rbac/policy.ts";

export const authorizationModes = ["AlwaysAllow", "AlwaysDeny", "RBAC"] as const;
export type AuthorizationMode = (typeof authorizationModes)[number];

export function authorizerChain(modes: readonly AuthorizationMode[], policy: RbacPolicy | undefined, _served?: unknown): AuthorizerChain {
  return new AuthorizerChain([mastersAuthorizer, ...modes.map((mode) => authorizerOf(mode, policy))]);
}

function authorizerOf(mode: AuthorizationMode, policy: RbacPolicy | undefined): Authorizer {
  switch (mode) {
    case "AlwaysAllow":
      return alwaysAllow;
    case "AlwaysDeny":
      return alwaysDeny;
    case "RBAC":
      return rbacAuthorizer(policy as RbacPolicy);
  }
}
