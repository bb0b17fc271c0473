/** Generators of who may do what: role, clusterrole, their bindings, serviceaccount. */
import { list, map, text } from "@kubets/machinery/flags";
import { UsageError } from "../errors.ts";
import type { JsonObject } from "../json.ts";
import type { Mapper } from "../resources/mapper.ts";
import { generator, metadata } from "./generator.ts";

const ruleFlags = {
  verb: list({ help: "What may be done: get, list, ..." }),
  resource: list({ help: "To what: pods, deployments.apps, pods/log." }),
  "resource-name": list({ help: "Only to objects of these names.", split: false }),
};

interface RuleFlags {
  readonly verb: readonly string[];
  readonly resource: readonly string[];
  readonly "resource-name": readonly string[];
}

function rulesOf(flags: RuleFlags, mapper: Mapper): JsonObject[] {
  if (flags.verb.length === 0) throw new UsageError("at least one verb must be specified");
  const verbs = flags.verb.includes("*") ? ["*"] : [...new Set(flags.verb)];
  const groups = new Map<string, string[]>();
  for (const written of flags.resource) {
    const [type = "", ...below] = written.split("/");
    const found = type === "*" ? { group: "*", resource: "*" } : mapper.resource(type);
    const resource = [found.resource, ...below].join("/");
    groups.set(found.group, [...(groups.get(found.group) ?? []), resource]);
  }
  return [...groups].map(([group, resources]) => ({
    apiGroups: [group],
    ...(flags["resource-name"].length > 0 && { resourceNames: [...flags["resource-name"]] }),
    resources,
    verbs,
  }));
}

export const role = generator({
  name: "role",
  summary: "Create a role",
  usage: "NAME --verb=verb --resource=resource.group/subresource [--resource-name=resourcename] [flags]",
  flags: ruleFlags,
  async build(name, { flags }, session) {
    if (flags.resource.length === 0) throw new UsageError("at least one resource must be specified");
    const rules = rulesOf(flags, await (await session.api()).mapper());
    return { apiVersion: "rbac.authorization.k8s.io/v1", kind: "Role", metadata: metadata(name), rules };
  },
});

export const clusterrole = generator({
  name: "clusterrole",
  summary: "Create a cluster role",
  usage: "NAME --verb=verb --resource=resource.group [--resource-name=resourcename] [flags]",
  flags: {
    ...ruleFlags,
    "non-resource-url": list({ help: "Paths that are no resources." }),
    "aggregation-rule": map({ help: "Labels of the cluster roles to add up." }),
  },
  async build(name, { flags }, session): Promise<JsonObject> {
    const apiVersion = "rbac.authorization.k8s.io/v1";
    const labels = { ...flags["aggregation-rule"] };
    if (Object.keys(labels).length > 0) {
      const aggregationRule = { clusterRoleSelectors: [{ matchLabels: labels }] };
      return { aggregationRule, apiVersion, kind: "ClusterRole", metadata: metadata(name), rules: [] };
    }
    const urls = flags["non-resource-url"];
    if (flags.resource.length + urls.length === 0)
      throw new UsageError("one of resource or nonResourceURL must be specified");
    const rules = rulesOf(flags, await (await session.api()).mapper());
    if (urls.length > 0) rules.push({ nonResourceURLs: [...urls], verbs: [...flags.verb] });
    return { apiVersion, kind: "ClusterRole", metadata: metadata(name), rules };
  },
});

const subjectFlags = {
  user: list({ help: "Users.", split: false }),
  group: list({ help: "Groups.", split: false }),
  serviceaccount: list({ help: "Service accounts: namespace:name.", split: false }),
};

interface SubjectFlags {
  readonly group: readonly string[];
  readonly serviceaccount: readonly string[];
}

/** `--user` is also the global flag that names a kubeconfig's user; below bindings it means a subject. */
function subjectsOf(users: readonly string[], flags: SubjectFlags): JsonObject[] {
  const apiGroup = "rbac.authorization.k8s.io";
  return [
    ...users.map((name) => ({ apiGroup, kind: "User", name })),
    ...flags.group.map((name) => ({ apiGroup, kind: "Group", name })),
    ...flags.serviceaccount.map((written) => {
      const [namespace, name, ...more] = written.split(":");
      if (!namespace || !name || more.length > 0) throw new UsageError("serviceaccount must be <namespace>:<name>");
      return { kind: "ServiceAccount", name, namespace };
    }),
  ];
}

const roleRef = (kind: string, name: string): JsonObject => ({ apiGroup: "rbac.authorization.k8s.io", kind, name });

export const rolebinding = generator({
  name: "rolebinding",
  summary: "Create a role binding",
  usage:
    "NAME --clusterrole=NAME|--role=NAME [--user=username] [--group=groupname] [--serviceaccount=namespace:name] [flags]",
  flags: { ...subjectFlags, role: text({ help: "The role." }), clusterrole: text({ help: "The cluster role." }) },
  build(name, { flags }) {
    if ((flags.role === "") === (flags.clusterrole === ""))
      throw new UsageError("exactly one of clusterrole or role must be specified");
    return {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata: metadata(name),
      roleRef: flags.role ? roleRef("Role", flags.role) : roleRef("ClusterRole", flags.clusterrole),
      subjects: subjectsOf(flags.user, flags),
    };
  },
});

export const clusterrolebinding = generator({
  name: "clusterrolebinding",
  summary: "Create a cluster role binding",
  usage: "NAME --clusterrole=NAME [--user=username] [--group=groupname] [--serviceaccount=namespace:name] [flags]",
  flags: { ...subjectFlags, clusterrole: text({ help: "The cluster role.", required: true }) },
  build: (name, { flags }) => ({
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: metadata(name),
    roleRef: roleRef("ClusterRole", flags.clusterrole),
    subjects: subjectsOf(flags.user, flags),
  }),
});

export const serviceaccount = generator({
  name: "serviceaccount",
  aliases: ["sa"],
  summary: "Create a service account",
  usage: "NAME [flags]",
  build: (name) => ({ apiVersion: "v1", kind: "ServiceAccount", metadata: metadata(name) }),
});
