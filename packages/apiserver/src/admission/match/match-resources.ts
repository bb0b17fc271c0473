/** The matchConstraints and matchResources of policies and their bindings: which requests they are about. */
import type { MatchResources } from "@kubets/api/generated/types/admissionregistration-v1";
import type { ResourceDefinition } from "@kubets/api/resource";
import type { ServedResources } from "../../served-resource.ts";
import type { AdmissionRequest, ClusterView } from "../plugin.ts";
import { type Action, type RuleMatch, rulesFor } from "./rules.ts";
import { areSelected, compileSelectors, type Selectors } from "./selectors.ts";

/** What of it concerns an action. */
export interface ResourceMatch {
  readonly selectors: Selectors;
  /** Absent: everything that is not excluded. */
  readonly included: readonly RuleMatch[] | undefined;
  readonly excluded: readonly RuleMatch[];
}

/** Undefined when no request of the action can be meant. */
export function resourceMatch(
  resources: MatchResources,
  action: Action,
  served: ServedResources,
): ResourceMatch | undefined {
  const { resourceRules, excludeResourceRules, matchPolicy } = resources;
  const included = resourceRules?.length ? rulesFor(resourceRules, matchPolicy, action, served) : undefined;
  if (included?.length === 0) return undefined;
  const excluded = rulesFor(excludeResourceRules, matchPolicy, action, served);
  return { selectors: compileSelectors(resources), included, excluded };
}

/** The version of the resource that is meant, if the request is. */
export function targetOf(
  { selectors, included, excluded }: ResourceMatch,
  request: AdmissionRequest,
  view: ClusterView,
): ResourceDefinition | undefined {
  const isNamed = ({ rule: { resourceNames } }: RuleMatch) =>
    !resourceNames?.length || resourceNames.includes(request.name);
  if (excluded.some(isNamed)) return undefined;
  const target = included ? included.find(isNamed)?.target : request.resource;
  return target && areSelected(selectors, request, view) ? target : undefined;
}
