/** How much is told of which request (audit.k8s.io/v1 Policy): the first rule that matches says so; nothing where none does. Pure. */
import {
  bool,
  ConfigError,
  choice,
  type Infer,
  list,
  loadConfigFile,
  object,
  optional,
  str,
} from "@kubets/machinery/config-file";
import type { User } from "../authn/authenticator.ts";
import type { RequestInfo } from "../request-info.ts";

const LEVELS = ["None", "Metadata", "Request", "RequestResponse"] as const;
export type Level = (typeof LEVELS)[number];
const STAGES = ["RequestReceived", "ResponseStarted", "ResponseComplete", "Panic"] as const;
export type Stage = (typeof STAGES)[number];

const stages = list(choice(STAGES, "RequestReceived"));

const rule = object({
  level: choice(LEVELS, "None"),
  users: list(str()),
  userGroups: list(str()),
  verbs: list(str()),
  resources: list(object({ group: str(), resources: list(str()), resourceNames: list(str()) })),
  namespaces: list(str()),
  nonResourceURLs: list(str()),
  omitStages: stages,
  omitManagedFields: optional(bool()),
});

const policy = object({
  metadata: optional(object({ name: str() })),
  rules: list(rule),
  omitStages: stages,
  omitManagedFields: bool(),
});

type Policy = Infer<typeof policy>;
type Rule = Infer<typeof rule>;

/** What the policy says of one request. */
export interface Wanted {
  readonly level: Level;
  readonly omitStages: ReadonlySet<Stage>;
  readonly omitManagedFields: boolean;
}

export function loadPolicy(path: string): Policy {
  const { config } = loadConfigFile(path, { "audit.k8s.io/v1/Policy": policy });
  if (config.rules.length === 0) throw new ConfigError(`${path}: rules: loaded illegal policy with 0 rules`);
  for (const [i, { resources, namespaces, nonResourceURLs }] of config.rules.entries())
    if (nonResourceURLs.length && (resources.length || namespaces.length))
      throw new ConfigError(
        `${path}: rules[${i}].nonResourceURLs: rules cannot apply to both regular resources and non-resource URLs`,
      );
  return config;
}

export const atLeast = (level: Level, wanted: Level): boolean => LEVELS.indexOf(level) >= LEVELS.indexOf(wanted);

/** Every rule with what it says, so that a request makes nothing new. */
export function compilePolicy({ rules, omitStages, omitManagedFields }: Policy) {
  const answers = rules.map((one): [Rule, Wanted] => [
    one,
    {
      level: one.level,
      omitStages: new Set([...omitStages, ...one.omitStages]),
      omitManagedFields: one.omitManagedFields ?? omitManagedFields,
    },
  ]);
  /** Undefined: nothing is told. The user is absent where nobody knows who asks. */
  return (info: RequestInfo, user: User | undefined): Wanted | undefined => {
    const wanted = answers.find(([one]) => matches(one, info, user))?.[1];
    return wanted && wanted.level !== "None" ? wanted : undefined;
  };
}

function matches(one: Rule, info: RequestInfo, user: User | undefined): boolean {
  if (one.users.length && !(user && one.users.includes(user.name))) return false;
  if (one.userGroups.length && !user?.groups.some((group) => one.userGroups.includes(group))) return false;
  if (one.verbs.length && !one.verbs.includes(info.verb)) return false;
  if (one.namespaces.length || one.resources.length) return info.isResource && matchesResource(one, info);
  return (
    one.nonResourceURLs.length === 0 || (!info.isResource && one.nonResourceURLs.some((url) => isPath(url, info.path)))
  );
}

const isPath = (url: string, path: string): boolean =>
  url.endsWith("*") ? path.startsWith(url.slice(0, -1)) : url === path;

function matchesResource({ namespaces, resources }: Rule, info: RequestInfo): boolean {
  if (namespaces.length && !namespaces.includes(info.namespace)) return false;
  if (resources.length === 0) return true;
  return resources.some(
    ({ group, resources: names, resourceNames }) =>
      group === info.group &&
      (names.length === 0 ||
        ((resourceNames.length === 0 || resourceNames.includes(info.name)) &&
          names.some((name) => isResource(name, info)))),
  );
}

function isResource(name: string, { resource, subresource }: RequestInfo): boolean {
  if (name === "*" || name === (subresource ? `${resource}/${subresource}` : resource)) return true;
  if (name.startsWith("*/")) return subresource !== "" && name.slice(2) === subresource;
  return name.endsWith("/*") && name.slice(0, -2) === resource;
}
