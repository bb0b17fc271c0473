import assert from "node:assert/strict";
import { test } from "node:test";
import type { PolicyRule, RoleRef, Subject } from "@kubets/api/generated/types/rbac-v1";
import { randomInt, seededRandom } from "@kubets/machinery";
import type { User } from "../../authn/authenticator.ts";
import type { ServedResources } from "../../served-resource.ts";
import type { AccessAttributes } from "../authorizer.ts";
import { rbacAuthorizer } from "./authorizer.ts";
import { describe as describeGrants, notCovered } from "./coverage.ts";
import { RbacPolicy } from "./policy.ts";
import { compileRules } from "./rule.ts";

const random = seededRandom(11);
const pick = <T>(values: readonly T[]): T => values[randomInt(random, values.length)] as T;
const some = <T>(values: readonly T[], most = 2): T[] =>
  Array.from({ length: 1 + randomInt(random, most) }, () => pick(values));

const VERBS = ["get", "list", "delete", "*"];
const GROUPS = ["", "apps", "*"];
const RESOURCES = ["pods", "pods/log", "secrets", "*/log", "*"];
const NAMES = ["a", "b"];
const PATHS = ["/healthz", "/healthz/*", "/logs*", "*"];
const USERS = ["alice", "bob", "system:serviceaccount:ns1:robot"];
const TEAMS = ["dev", "ops"];
const NAMESPACES = ["ns1", "ns2"];

function randomRule(): PolicyRule {
  if (random.float() < 0.2) return { verbs: some(VERBS), nonResourceURLs: some(PATHS) };
  const names = random.float() < 0.3 ? { resourceNames: some(NAMES) } : {};
  return { verbs: some(VERBS), apiGroups: some(GROUPS), resources: some(RESOURCES), ...names };
}

function randomQuestion(): AccessAttributes {
  const groups = random.float() < 0.5 ? [pick(TEAMS)] : [];
  const user: User = { name: pick(USERS), groups };
  const verb = pick(["get", "list", "delete", "watch"]);
  if (random.float() < 0.2)
    return { ...NOTHING, user, verb, isResource: false, path: pick(["/healthz", "/healthz/x", "/logs/a", "/other"]) };
  const [resource = "", subresource = ""] = pick(["pods", "pods/log", "secrets", "configmaps"]).split("/");
  const name = pick(["", "a", "b", "c"]);
  return {
    ...NOTHING,
    user,
    verb,
    group: pick(["", "apps", "batch"]),
    resource,
    subresource,
    namespace: pick(["", ...NAMESPACES]),
    name,
  };
}

const NOTHING: AccessAttributes = {
  user: { name: "", groups: [] },
  verb: "",
  isResource: true,
  namespace: "",
  group: "",
  version: "v1",
  resource: "",
  subresource: "",
  name: "",
  path: "",
};

interface Cluster {
  readonly clusterroles: Record<string, PolicyRule[]>;
  readonly roles: Record<string, PolicyRule[]>;
  readonly bindings: { name: string; namespace: string; roleRef: RoleRef; subjects: Subject[] }[];
}

function randomCluster(): Cluster {
  const rules = () => Array.from({ length: 1 + randomInt(random, 3) }, randomRule);
  const clusterroles = { c1: rules(), c2: rules() };
  const roles: Record<string, PolicyRule[]> = { "ns1/r1": rules(), "ns2/r1": rules() };
  const bindings = Array.from({ length: 4 }, (_, i) => {
    const namespace = pick(["", ...NAMESPACES]);
    const ofCluster = namespace === "" || random.float() < 0.5;
    const name = ofCluster ? pick(["c1", "c2", "gone"]) : "r1";
    const roleRef: RoleRef = { apiGroup: "rbac.authorization.k8s.io", kind: ofCluster ? "ClusterRole" : "Role", name };
    return { name: `b${i}`, namespace, roleRef, subjects: some(SUBJECTS, 3) };
  });
  return { clusterroles, roles, bindings };
}

const SUBJECTS: readonly Subject[] = [
  { kind: "User", name: "alice" },
  { kind: "User", name: "bob" },
  { kind: "Group", name: "dev" },
  { kind: "Group", name: "ops" },
  { kind: "ServiceAccount", name: "robot", namespace: "ns1" },
];

/** The rule of the thing, as slow and as plain as can be. */
function naive({ clusterroles, roles, bindings }: Cluster, asked: AccessAttributes): boolean {
  return bindings.some(({ namespace, roleRef, subjects }) => {
    if (namespace !== "" && namespace !== asked.namespace) return false;
    if (!subjects.some((subject) => isMeant(subject, asked.user))) return false;
    const rules = roleRef.kind === "ClusterRole" ? clusterroles[roleRef.name] : roles[`${namespace}/${roleRef.name}`];
    return (rules ?? []).some((rule) => naiveRule(rule, asked));
  });
}

function isMeant({ kind, name, namespace }: Subject, user: User): boolean {
  if (kind === "Group") return user.groups.includes(name);
  return user.name === (kind === "User" ? name : `system:serviceaccount:${namespace}:${name}`);
}

function naiveRule(rule: PolicyRule, asked: AccessAttributes): boolean {
  const within = (values: readonly string[] | undefined, value: string) =>
    Boolean(values?.some((it) => it === "*" || it === value));
  if (!within(rule.verbs, asked.verb)) return false;
  if (!asked.isResource)
    return Boolean(
      rule.nonResourceURLs?.some(
        (url) => url === asked.path || (url.endsWith("*") && asked.path.startsWith(url.slice(0, -1))),
      ),
    );
  const wanted = asked.subresource
    ? [`${asked.resource}/${asked.subresource}`, `*/${asked.subresource}`, "*"]
    : [asked.resource, "*"];
  if (!within(rule.apiGroups, asked.group) || !rule.resources?.some((it) => wanted.includes(it))) return false;
  return !rule.resourceNames?.length || rule.resourceNames.includes(asked.name);
}

function policyOf({ clusterroles, roles, bindings }: Cluster): RbacPolicy {
  const objects: Record<string, { key: string; object: unknown }[]> = {
    clusterroles: Object.entries(clusterroles).map(([key, rules]) => ({
      key,
      object: { metadata: { name: key }, rules },
    })),
    roles: Object.entries(roles).map(([key, rules]) => ({
      key,
      object: { metadata: { name: key.split("/")[1] }, rules },
    })),
    clusterrolebindings: bindings
      .filter((b) => !b.namespace)
      .map((b) => ({ key: b.name, object: { ...b, metadata: { name: b.name } } })),
    rolebindings: bindings
      .filter((b) => b.namespace)
      .map((b) => ({
        key: `${b.namespace}/${b.name}`,
        object: { ...b, metadata: { name: b.name, namespace: b.namespace } },
      })),
  };
  const served = {
    get: (_g: string, _v: string, resource: string) => ({
      store: { cache: { list: () => objects[resource], onChange: () => {} } },
    }),
  };
  return new RbacPolicy(served as unknown as ServedResources);
}

test("decisions equal those of a naive evaluator on 100,000 random questions", () => {
  let allowed = 0;
  for (let i = 0; i < 2000; i++) {
    const cluster = randomCluster();
    const authorizer = rbacAuthorizer(policyOf(cluster));
    for (let j = 0; j < 50; j++) {
      const asked = randomQuestion();
      const decision = authorizer.authorize(asked) as { verdict: string };
      assert.equal(decision.verdict === "allow", naive(cluster, asked), JSON.stringify({ cluster, asked }));
      if (decision.verdict === "allow") allowed++;
    }
  }
  assert.ok(allowed > 10_000, `only ${allowed} were allowed`);
});

test("what is covered grants nothing that was not held", () => {
  for (let i = 0; i < 3000; i++) {
    const held = Array.from({ length: 3 }, randomRule);
    const wanted = [randomRule()];
    if (notCovered(held, wanted).length) continue;
    const [before, after] = [compileRules(held), compileRules(wanted)];
    for (let j = 0; j < 30; j++) {
      const asked = randomQuestion();
      assert.ok(!after(asked) || before(asked), JSON.stringify({ held, wanted, asked }));
    }
  }
});

test("what lacks is listed by resource, verbs together", () => {
  const wanted: PolicyRule[] = [{ apiGroups: ["", "apps"], resources: ["pods"], verbs: ["get", "delete"] }];
  const lacking = notCovered([{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }], wanted);
  assert.deepEqual(describeGrants(lacking), [
    '{APIGroups:[""], Resources:["pods"], Verbs:["delete"]}',
    '{APIGroups:["apps"], Resources:["pods"], Verbs:["get" "delete"]}',
  ]);
});
