/**
 * Whether some rules grant all that others grant. The others are broken into single grants (one verb on one resource of one group, by one name),
 * and each must be granted as a whole by one of the first.
 */
import type { PolicyRule } from "@kubets/api/generated/types/rbac-v1";
import { pathMatches } from "./rule.ts";

/** What of `wanted` no rule of `held` grants. */
export function notCovered(held: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] {
  return wanted.flatMap(singleGrants).filter((grant) => !held.some((rule) => covers(rule, grant)));
}

function singleGrants({
  verbs,
  apiGroups = [],
  resources = [],
  resourceNames = [],
  nonResourceURLs = [],
}: PolicyRule): PolicyRule[] {
  const grants: PolicyRule[] = [];
  for (const group of apiGroups)
    for (const resource of resources)
      for (const verb of verbs) {
        const grant = { apiGroups: [group], resources: [resource], verbs: [verb] };
        if (resourceNames.length === 0) grants.push(grant);
        for (const name of resourceNames) grants.push({ ...grant, resourceNames: [name] });
      }
  for (const url of nonResourceURLs) for (const verb of verbs) grants.push({ nonResourceURLs: [url], verbs: [verb] });
  return grants;
}

function covers(rule: PolicyRule, grant: PolicyRule): boolean {
  if (!hasAll(rule.verbs, grant.verbs)) return false;
  if (grant.nonResourceURLs)
    return grant.nonResourceURLs.every((url) => rule.nonResourceURLs?.some((own) => pathMatches(own, url)));
  if (
    !hasAll(rule.apiGroups, grant.apiGroups) ||
    !grant.resources?.every((it) => hasResource(rule.resources ?? [], it))
  )
    return false;
  if (!rule.resourceNames?.length) return true;
  return (
    Boolean(grant.resourceNames?.length) &&
    (grant.resourceNames ?? []).every((name) => rule.resourceNames?.includes(name))
  );
}

const hasAll = (held: readonly string[] = [], wanted: readonly string[] = []): boolean =>
  held.includes("*") || wanted.every((it) => held.includes(it));

function hasResource(held: readonly string[], wanted: string): boolean {
  if (held.includes("*") || held.includes(wanted)) return true;
  const slash = wanted.indexOf("/");
  return slash >= 0 && held.includes(`*${wanted.slice(slash)}`);
}

/** Single grants put together again, as a list for people: verbs on the same resource in one line, lines in order. */
export function describe(grants: readonly PolicyRule[]): string[] {
  const lines = new Map<string, { grant: PolicyRule; verbs: string[] }>();
  for (const [i, grant] of grants.entries()) {
    const key = grant.nonResourceURLs
      ? `url ${i}`
      : JSON.stringify([grant.apiGroups, grant.resources, grant.resourceNames]);
    const line = lines.get(key);
    if (line) line.verbs.push(...grant.verbs.filter((verb) => !line.verbs.includes(verb)));
    else lines.set(key, { grant, verbs: [...grant.verbs] });
  }
  const texts = [...lines.values()].map(({ grant, verbs }) => {
    const parts: [string, readonly string[] | undefined][] = [
      ["APIGroups", grant.apiGroups],
      ["Resources", grant.resources],
      ["NonResourceURLs", grant.nonResourceURLs],
      ["ResourceNames", grant.resourceNames],
      ["Verbs", verbs],
    ];
    return `{${parts.flatMap(([name, values]) => (values ? [`${name}:${goList(values)}`] : [])).join(", ")}}`;
  });
  return [...new Set(texts)].sort();
}

/** A list as Go quotes it: ["a" "b"]. */
export const goList = (values: readonly string[]): string =>
  `[${values.map((value) => JSON.stringify(value)).join(" ")}]`;
