/**
 * Which requests the rules of webhooks and policies are about. What a rule says of a resource is the same for every request to it, so it is decided
 * once for each resource; only names and labels are looked at each time.
 */
import type { ResourceDefinition } from "@kubets/api/resource";
import type { ServedResources } from "../../served-resource.ts";
import type { Operation } from "../plugin.ts";

export interface Rule {
  readonly operations?: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly apiVersions?: readonly string[];
  readonly resources?: readonly string[];
  readonly scope?: string;
  readonly resourceNames?: readonly string[];
}

/** What is asked of a resource, whatever the object. */
export interface Action {
  readonly operation: Operation;
  readonly resource: ResourceDefinition;
  readonly subresource: string;
}

/** A rule that is about an action, and the version of the resource that it means. */
export interface RuleMatch {
  readonly rule: Rule;
  readonly target: ResourceDefinition;
}

/** The rules that are about an action, in their order: those that name the resource itself first, then those that name another version of it. */
export function rulesFor(
  rules: readonly Rule[] | undefined,
  matchPolicy: string | undefined,
  action: Action,
  served: ServedResources,
): RuleMatch[] {
  const { operation, resource, subresource } = action;
  const about = (target: ResourceDefinition) => (rule: Rule) => isAbout(rule, operation, target, subresource);
  const own = (rules ?? []).filter(about(resource)).map((rule) => ({ rule, target: resource }));
  if (matchPolicy === "Exact") return own;
  const others = equivalents(resource, subresource, served);
  const equal = (rules ?? []).flatMap((rule) => {
    const target = others.find((other) => about(other)(rule));
    return target ? [{ rule, target }] : [];
  });
  return [...own, ...equal];
}

function isAbout(rule: Rule, operation: Operation, target: ResourceDefinition, subresource: string): boolean {
  return (
    hasOrAll(rule.operations, operation) &&
    hasOrAll(rule.apiGroups, target.group) &&
    hasOrAll(rule.apiVersions, target.version) &&
    isOfScope(rule.scope, target) &&
    (rule.resources ?? []).some((text) => namesResource(text, target.resource, subresource))
  );
}

const hasOrAll = (list: readonly string[] | undefined, wanted: string): boolean =>
  list !== undefined && (list.includes(wanted) || list.includes("*"));

const isOfScope = (scope: string | undefined, { namespaced }: ResourceDefinition): boolean =>
  scope === undefined || scope === "*" || (scope === "Namespaced") === namespaced;

/** "pods", "pods/exec", "pods/*", "*", "*\/scale", "*\/*". */
function namesResource(text: string, resource: string, subresource: string): boolean {
  const slash = text.indexOf("/");
  const [name, part] = slash < 0 ? [text, ""] : [text.slice(0, slash), text.slice(slash + 1)];
  return (name === "*" || name === resource) && (part === "*" || part === subresource);
}

/** The same objects under another group or version. */
function equivalents(resource: ResourceDefinition, subresource: string, served: ServedResources): ResourceDefinition[] {
  const { store } = served.get(resource.group, resource.version, resource.resource) ?? {};
  if (!store) return [];
  const found: ResourceDefinition[] = [];
  for (const other of served.all())
    if (other.store?.stored === store.stored && other.definition !== resource && hasPart(other.definition, subresource))
      found.push(other.definition);
  return found;
}

const hasPart = ({ subresources }: ResourceDefinition, name: string) =>
  name === "" || subresources?.[name] !== undefined;

const CONFIGURATIONS = new Set([
  "validatingwebhookconfigurations",
  "mutatingwebhookconfigurations",
  "validatingadmissionpolicies",
  "validatingadmissionpolicybindings",
  "mutatingadmissionpolicies",
  "mutatingadmissionpolicybindings",
]);

/** What admission itself is configured by is never subject to it: a mistake there could not be mended. */
export const isExempt = ({ group, resource }: ResourceDefinition): boolean =>
  group === "admissionregistration.k8s.io" && CONFIGURATIONS.has(resource);
