/** One rule of a role, made ready to be asked often. */
import type { PolicyRule } from "@kubets/api/generated/types/rbac-v1";
import type { AccessAttributes } from "../authorizer.ts";

export type RuleCheck = (attributes: AccessAttributes) => boolean;

/** Whether any rule of a role allows what is asked for. */
export function compileRules(rules: readonly PolicyRule[]): RuleCheck {
  const onResources = rules.filter((r) => r.resources?.length).map(resourceCheck);
  const onPaths = rules.filter((r) => r.nonResourceURLs?.length).map(pathCheck);
  return (attributes) => (attributes.isResource ? onResources : onPaths).some((check) => check(attributes));
}

function resourceCheck({ verbs, apiGroups = [], resources = [], resourceNames = [] }: PolicyRule): RuleCheck {
  const verb = member(verbs);
  const group = member(apiGroups);
  const named = new Set(resourceNames);
  const wanted = new Set(resources);
  const all = wanted.has("*");
  return (a) =>
    verb(a.verb) &&
    group(a.group) &&
    (all ||
      (a.subresource === ""
        ? wanted.has(a.resource)
        : wanted.has(`${a.resource}/${a.subresource}`) || wanted.has(`*/${a.subresource}`))) &&
    (named.size === 0 || named.has(a.name));
}

function pathCheck({ verbs, nonResourceURLs = [] }: PolicyRule): RuleCheck {
  const verb = member(verbs);
  return (a) => verb(a.verb) && nonResourceURLs.some((url) => pathMatches(url, a.path));
}

/** A star at the end stands for any rest. */
export const pathMatches = (url: string, path: string): boolean =>
  url === "*" || url === path || (url.endsWith("*") && path.startsWith(url.slice(0, -1)));

function member(values: readonly string[]): (value: string) => boolean {
  if (values.includes("*")) return () => true;
  const set = new Set(values);
  return (value) => set.has(value);
}
