/** The one list of authorizers, by their names in --authorization-mode. */
import type { ClusterView } from "../admission/plugin.ts";
import type { ServedResources } from "../served-resource.ts";
import type { Authorizer } from "./authorizer.ts";
import { AuthorizerChain } from "./chain.ts";
import { alwaysAllow, alwaysDeny, mastersAuthorizer } from "./masters.ts";
import type { AuthorizationMetrics } from "./metrics.ts";
import { nodeAuthorizer } from "./node/authorizer.ts";
import { NodeReferences } from "./node/node-references.ts";
import { rbacAuthorizer } from "./rbac/authorizer.ts";
import type { RbacPolicy } from "./rbac/policy.ts";

export const authorizationModes = ["AlwaysAllow", "AlwaysDeny", "Node", "RBAC"] as const;
type AuthorizationMode = (typeof authorizationModes)[number];
/** A mode by its name, or an authorizer that was made elsewhere: a webhook, policies of a file. */
export type AuthorizerChoice = AuthorizationMode | Authorizer;

interface AuthorizerParts {
  readonly policy: RbacPolicy | undefined;
  readonly served: ServedResources;
  readonly view: ClusterView;
  readonly metrics: AuthorizationMetrics;
}

export const usesRbac = (choices: readonly AuthorizerChoice[]): boolean => choices.includes("RBAC");

/** The chain, and how to give it others later: those that follow the cluster must have been there from the start. */
export function authorizerChain(
  choices: readonly AuthorizerChoice[],
  { policy, served, view, metrics }: AuthorizerParts,
) {
  const made = new Map<AuthorizationMode, Authorizer>([
    ["AlwaysAllow", alwaysAllow],
    ["AlwaysDeny", alwaysDeny],
  ]);
  if (choices.includes("Node")) made.set("Node", nodeAuthorizer(new NodeReferences(served), view));
  if (policy) made.set("RBAC", rbacAuthorizer(policy));
  const listOf = (wanted: readonly AuthorizerChoice[]): Authorizer[] => [
    mastersAuthorizer,
    ...wanted.map((choice) => {
      const authorizer = typeof choice === "string" ? made.get(choice) : choice;
      if (authorizer) return authorizer;
      throw new Error(`authorizer type ${JSON.stringify(choice)} cannot be added while the server runs: restart it`);
    }),
  ];
  const chain = new AuthorizerChain(listOf(choices), metrics);
  return { chain, use: (wanted: readonly AuthorizerChoice[]) => chain.use(listOf(wanted)) };
}
