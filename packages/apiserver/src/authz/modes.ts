/** The one list of authorizers, by their names in --authorization-mode. */
import type { ClusterView } from "../admission/plugin.ts";
import type { ServedResources } from "../served-resource.ts";
import type { Authorizer } from "./authorizer.ts";
import { AuthorizerChain } from "./chain.ts";
import { alwaysAllow, alwaysDeny, mastersAuthorizer } from "./masters.ts";
import { nodeAuthorizer } from "./node/authorizer.ts";
import { NodeReferences } from "./node/node-references.ts";
import { rbacAuthorizer } from "./rbac/authorizer.ts";
import type { RbacPolicy } from "./rbac/policy.ts";

export const authorizationModes = ["AlwaysAllow", "AlwaysDeny", "Node", "RBAC"] as const;
export type AuthorizationMode = (typeof authorizationModes)[number];

export interface AuthorizerParts {
  readonly policy: RbacPolicy | undefined;
  readonly served: ServedResources;
  readonly view: ClusterView;
}

export function authorizerChain(modes: readonly AuthorizationMode[], parts: AuthorizerParts): AuthorizerChain {
  return new AuthorizerChain([mastersAuthorizer, ...modes.map((mode) => authorizerOf(mode, parts))]);
}

function authorizerOf(mode: AuthorizationMode, { policy, served, view }: AuthorizerParts): Authorizer {
  switch (mode) {
    case "AlwaysAllow":
      return alwaysAllow;
    case "AlwaysDeny":
      return alwaysDeny;
    case "Node":
      return nodeAuthorizer(new NodeReferences(served), view);
    case "RBAC":
      return rbacAuthorizer(policy as RbacPolicy);
  }
}
