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

interface Binding {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly roleRef: RoleRef;
  readonly subjects: readonly Subject[];
}

/** What is stored, which changes, and is followed as the server's own caches are. */
class Stored {
  /** By "name" for cluster roles, "namespace/name" for roles. */
  readonly rules = new Map<string, readonly PolicyRule[]>();
  readonly bindings = new Map<string, Binding>();
  readonly #changed = new Map<string, (change: object) => void>();

  policy(): RbacPolicy {
    const get = (_group: string, _version: string, resource: string) => ({
      store: {
        cache: { list: () => [], onChange: (run: (change: object) => void) => this.#changed.set(resource, run) },
      },
    });
    return new RbacPolicy({ get } as unknown as ServedResources);
  }

  /** Makes, changes or removes a role or a binding. */
  change(): void {
    if (random.float() < 0.3) {
      const key = pick(["c1", "c2", "ns1/r1", "ns2/r1"]);
      const rules = random.float() < 0.8 ? Array.from({ length: 1 + randomInt(random, 3) }, randomRule) : undefined;
      const role = (of: readonly PolicyRule[] | undefined) => of && { metadata: { name: key }, rules: of };
      this.#set(key.includes("/") ? "roles" : "clusterroles", this.rules, key, rules, role);
    } else {
      const namespace = pick(["", ...NAMESPACES]);
      const name = pick(["b1", "b2"]);
      const binding = random.float() < 0.7 ? randomBinding(name, namespace) : undefined;
      const resource = namespace ? "rolebindings" : "clusterrolebindings";
      this.#set(resource, this.bindings, `${namespace}/${name}`, binding, (of) => of);
    }
  }

  #set<T>(
    resource: string,
    kept: Map<string, T>,
    key: string,
    now: T | undefined,
    objectOf: (value: T | undefined) => object | undefined,
  ): void {
    const entry = (value: T | undefined) => value && { key, object: objectOf(value) };
    const [current, previous] = [entry(now), entry(kept.get(key))];
    if (now) kept.set(key, now);
    else kept.delete(key);
    if (current || previous) this.#changed.get(resource)?.({ current, previous });
  }
}

function randomBinding(name: string, namespace: string): Binding {
  const ofCluster = namespace === "" || random.float() < 0.5;
  const role = ofCluster ? pick(["c1", "c2", "gone"]) : "r1";
  const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: ofCluster ? "ClusterRole" : "Role", name: role };
  return { metadata: { name, namespace }, roleRef, subjects: some(SUBJECTS, 3) };
}

const SUBJECTS: readonly Subject[] = [
  { kind: "User", name: "alice" },
  { kind: "User", name: "bob" },
  { kind: "Group", name: "dev" },
  { kind: "Group", name: "ops" },
  { kind: "ServiceAccount", name: "robot", namespace: "ns1" },
];

/** The rule of the thing, as slow and as plain as can be. */
function naive({ rules, bindings }: Stored, asked: AccessAttributes): boolean {
  return [...bindings.values()].some(({ metadata: { namespace }, roleRef: { kind, name }, subjects }) => {
    if (namespace !== "" && namespace !== asked.namespace) return false;
    if (!subjects.some((subject) => isMeant(subject, asked.user))) return false;
    const role = rules.get(kind === "ClusterRole" ? name : `${namespace}/${name}`) ?? [];
    return role.some((rule) => naiveRule(rule, asked));
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

test("decisions equal those of a naive evaluator, for 100,000 random policies and requests", () => {
  const stored = new Stored();
  const authorizer = rbacAuthorizer(stored.policy());
  let allowed = 0;
  for (let i = 0; i < 100_000; i++) {
    stored.change();
    const asked = randomQuestion();
    const isAllowed = (authorizer.authorize(asked) as { verdict: string }).verdict === "allow";
    if (isAllowed !== naive(stored, asked))
      assert.fail(JSON.stringify({ rules: [...stored.rules], bindings: [...stored.bindings], asked, isAllowed }));
    if (isAllowed) allowed++;
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
