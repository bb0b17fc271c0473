import assert from "node:assert/strict";
import { test } from "node:test";
import { reconciled } from "./reconcile.ts";

const rule = (verbs: string[], more: object = {}) => ({ apiGroups: [""], resources: ["pods"], verbs, ...more });
const role = (rules: object[], metadata: object = {}) =>
  ({ kind: "Role", metadata: { name: "r", ...metadata }, rules }) as never;
const user = (name: string) => ({ kind: "User", apiGroup: "rbac.authorization.k8s.io", name });
const binding = (names: string[], to = "r") =>
  ({
    kind: "RoleBinding",
    metadata: { name: "b" },
    roleRef: { kind: "Role", name: to },
    subjects: names.map(user),
  }) as never;

test("a role that gives all that is asked for stays as it is, however its rules are cut", () => {
  const wanted = role([rule(["get", "list"])]);
  for (const live of [[rule(["list"]), rule(["get"])], [rule(["*"])], [rule(["get", "list"], { resources: ["*"] })]])
    assert.equal(reconciled(wanted, role(live), false).object, undefined);
});

test("what is missing is added, one verb on one resource each; a right to one name is none to all", () => {
  const live = role([rule(["get"]), rule(["list"], { resourceNames: ["one"] })]);
  const { object, missing } = reconciled(role([rule(["get", "list"])]), live, false);
  assert.deepEqual(missing, [rule(["list"])]);
  assert.deepEqual(object?.["rules"], [rule(["get"]), rule(["list"], { resourceNames: ["one"] }), rule(["list"])]);
});

test("paths are covered by those that end in a star", () => {
  const path = (url: string) => ({ nonResourceURLs: [url], verbs: ["get"] });
  assert.deepEqual(reconciled(role([path("/debug/x")]), role([path("/debug/*")]), false).missing, []);
  assert.deepEqual(reconciled(role([path("/debug/*")]), role([path("/debug/x")]), false).missing, [path("/debug/*")]);
});

test("what is too much is told, and goes only where asked", () => {
  const [wanted, live] = [role([rule(["get"])]), role([rule(["get", "delete"])])];
  const kept = reconciled(wanted, live, false);
  assert.deepEqual([kept.object, kept.extra], [undefined, [rule(["delete"])]]);
  assert.deepEqual(reconciled(wanted, live, true).object?.["rules"], [rule(["get"])]);
});

test("a binding gains subjects, and is made anew where it points elsewhere", () => {
  const gained = reconciled(binding(["a", "b"]), binding(["a", "c"]), false);
  assert.deepEqual(gained.object?.["subjects"], [user("a"), user("c"), user("b")]);
  assert.equal(gained.anew, undefined);
  assert.equal(reconciled(binding(["a"]), binding(["a"], "other"), false).anew, true);
});

test("labels of the file are put beside those that there are", () => {
  const { object } = reconciled(role([], { labels: { a: "1" } }), role([], { labels: { b: "2" } }), false);
  assert.deepEqual(object?.["metadata"], { name: "r", labels: { b: "2", a: "1" } });
  assert.equal(reconciled(role([]), role([], { labels: { b: "2" } }), false).object, undefined);
});
