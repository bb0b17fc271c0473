import assert from "node:assert/strict";
import { test } from "node:test";
import { created, updated } from "../resource-hooks.fixture.ts";
import { clusterRoleResource } from "./cluster-role.ts";
import { roleResource } from "./role.ts";
import { roleBindingResource } from "./role-binding.ts";

const roleRef = { kind: "Role", name: "r" };

test("a rule is about resources or about paths", () => {
  const mixed = { verbs: ["get"], apiGroups: [""], resources: ["pods"], nonResourceURLs: ["/a"] };
  assert.match(
    created(clusterRoleResource, { rules: [mixed] }).errors.join(),
    /both regular resources and non-resource/,
  );
  assert.match(
    created(roleResource, { rules: [{ verbs: ["get"], nonResourceURLs: ["/a"] }] }).errors.join(),
    /namespaced rules cannot apply/,
  );
});

test("a binding fills in the group of its role and of users", () => {
  const { object, errors } = created(roleBindingResource, { roleRef, subjects: [{ kind: "User", name: "jane" }] });
  assert.deepEqual(errors, []);
  assert.equal(object.roleRef.apiGroup, "rbac.authorization.k8s.io");
  assert.equal(object.subjects?.[0]?.apiGroup, "rbac.authorization.k8s.io");
});

test("a binding's role stays", () => {
  const { object } = created(roleBindingResource, { roleRef });
  assert.deepEqual(updated(roleBindingResource, object, { roleRef: { ...roleRef, name: "other" } }).errors, [
    'roleRef: Invalid value: {"APIGroup":"rbac.authorization.k8s.io","Kind":"Role","Name":"other"}: cannot change roleRef',
  ]);
});
