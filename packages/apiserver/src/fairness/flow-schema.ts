/** Which requests a flow schema sorts out, made ready to be asked for every request. */
import type { FlowSchema, PolicyRulesWithSubjects, Subject } from "@kubets/api/generated/types/flowcontrol-v1";
import type { User } from "../authn/authenticator.ts";
import type { RequestInfo } from "../request-info.ts";

export interface CompiledSchema {
  readonly name: string;
  readonly uid: string;
  readonly level: string;
  matches(info: RequestInfo, user: User): boolean;
  /** What makes requests of this schema one flow. */
  flowOf(info: RequestInfo, user: User): string;
}

type Matches<T> = (asked: T) => boolean;

export function compileSchema({ metadata, spec }: FlowSchema): CompiledSchema {
  const rules = (spec.rules ?? []).map(compileRule);
  const by = spec.distinguisherMethod?.type;
  return {
    name: metadata.name,
    uid: metadata.uid,
    level: spec.priorityLevelConfiguration.name,
    matches: (info, user) => rules.some((rule) => rule(info, user)),
    flowOf: (info, user) => (by === "ByUser" ? user.name : by === "ByNamespace" ? info.namespace : ""),
  };
}

/** In the order in which they are asked: the first that matches takes the request. */
export const byPrecedence = (a: FlowSchema, b: FlowSchema): number =>
  a.spec.matchingPrecedence - b.spec.matchingPrecedence || (a.metadata.name < b.metadata.name ? -1 : 1);

function compileRule({ subjects, resourceRules = [], nonResourceRules = [] }: PolicyRulesWithSubjects) {
  const isSubject = subjectCheck(subjects ?? []);
  const onResources = resourceRules.map(
    ({ verbs, apiGroups, resources, clusterScope = false, namespaces }): Matches<RequestInfo> => {
      const [verb, group, resource, namespace] = [anyOf(verbs), anyOf(apiGroups), anyOf(resources), anyOf(namespaces)];
      return (info) =>
        verb(info.verb) &&
        group(info.group) &&
        resource(info.subresource ? `${info.resource}/${info.subresource}` : info.resource) &&
        (info.namespace === "" ? clusterScope : namespace(info.namespace));
    },
  );
  const onPaths = nonResourceRules.map(({ verbs, nonResourceURLs }): Matches<RequestInfo> => {
    const [verb, path] = [anyOf(verbs), anyPath(nonResourceURLs)];
    return (info) => verb(info.verb) && path(info.path);
  });
  return (info: RequestInfo, user: User) =>
    isSubject(user) && (info.isResource ? onResources : onPaths).some((check) => check(info));
}

function anyOf(values: readonly string[] | undefined): Matches<string> {
  const set = new Set(values);
  return set.has("*") ? () => true : (value) => set.has(value);
}

function anyPath(paths: readonly string[] | undefined = []): Matches<string> {
  if (paths.includes("*")) return () => true;
  const exact = new Set(paths);
  const prefixes = paths.filter((path) => path.endsWith("*")).map((path) => path.slice(0, -1));
  return (path) => exact.has(path) || prefixes.some((prefix) => path.startsWith(prefix));
}

const ACCOUNT = "system:serviceaccount:";

function subjectCheck(subjects: readonly Subject[]): Matches<User> {
  const users = new Set(subjects.flatMap(({ user }) => (user ? [user.name] : [])));
  const groups = new Set(subjects.flatMap(({ group }) => (group ? [group.name] : [])));
  for (const { serviceAccount: account } of subjects)
    if (account && account.name !== "*") users.add(`${ACCOUNT}${account.namespace}:${account.name}`);
  const namespaces = subjects
    .filter(({ serviceAccount }) => serviceAccount?.name === "*")
    .map(({ serviceAccount }) => `${ACCOUNT}${serviceAccount?.namespace}:`);
  if (users.has("*") || groups.has("*")) return () => true;
  return (user) =>
    users.has(user.name) ||
    user.groups.some((group) => groups.has(group)) ||
    namespaces.some((prefix) => user.name.startsWith(prefix));
}
