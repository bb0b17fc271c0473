/**
 * Attribute-based access control (--authorization-policy-file): one policy a line, each a JSON object of abac.authorization.kubernetes.io/v1beta1.
 * A request is allowed when one of them matches it as a whole.
 */
import { readFileSync } from "node:fs";
import { bool, ConfigError, type Infer, object, parseConfig, str } from "@kubets/machinery/config-file";
import type { User } from "../authn/authenticator.ts";
import { type AccessAttributes, ALLOW, type Authorizer, type Decision } from "./authorizer.ts";

const spec = object({
  user: str(),
  group: str(),
  readonly: bool(),
  apiGroup: str(),
  resource: str(),
  namespace: str(),
  nonResourcePath: str(),
});

type Policy = Infer<typeof spec>;

const READS = new Set(["get", "list", "watch"]);
const NOTHING_MATCHED: Decision = Object.freeze({ verdict: "noOpinion", why: "No policy matched." });

export function abacAuthorizer(policies: readonly Policy[]): Authorizer {
  return {
    name: "ABAC",
    unlistable: "ABAC authorizer does not support user rule resolution",
    authorize: (attributes) => (policies.some((policy) => matches(policy, attributes)) ? ALLOW : NOTHING_MATCHED),
  };
}

/** An error names the line. */
export function loadPolicies(path: string): Policy[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new ConfigError(`--authorization-policy-file: ${path} cannot be read: ${(error as Error).message}`);
  }
  return text.split("\n").flatMap((line, i) => {
    if (line.trim() === "" || line.trimStart().startsWith("#")) return [];
    const kinds = { "abac.authorization.kubernetes.io/v1beta1/Policy": object({ spec }) };
    return [parseConfig(line, `${path}:${i + 1}`, kinds).config.spec];
  });
}

function matches(policy: Policy, attributes: AccessAttributes): boolean {
  if (!isSubject(policy, attributes.user)) return false;
  if (policy.readonly && !READS.has(attributes.verb)) return false;
  if (!attributes.isResource) return isPath(policy.nonResourcePath, attributes.path);
  return (
    isOne(policy.namespace, attributes.namespace) &&
    isOne(policy.resource, attributes.resource) &&
    isOne(policy.apiGroup, attributes.group)
  );
}

/** One who is named, or in the group, and both where both are said; nobody where neither is. */
function isSubject({ user, group }: Policy, asker: User): boolean {
  if (!user && !group) return false;
  if (user && user !== "*" && user !== asker.name) return false;
  return !group || group === "*" || asker.groups.includes(group);
}

const isOne = (wanted: string, value: string): boolean => wanted === "*" || wanted === value;

const isPath = (wanted: string, path: string): boolean =>
  isOne(wanted, path) || (wanted.endsWith("*") && path.startsWith(wanted.replace(/\*+$/, "")));
