import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { addressOf, listAddress, objectAddress, type Route, routeOf } from "./route.ts";

const deployments = { group: "apps", version: "v1", resource: "deployments" };
const pods = { group: "", version: "v1", resource: "pods" };
const roles = { group: "rbac.authorization.k8s.io", version: "v1", resource: "clusterroles" };

test("addresses read as what they lead to", () => {
  assert.equal(listAddress(pods), "#/pods.v1");
  assert.equal(listAddress(deployments, { namespace: "shop" }), "#/deployments.v1.apps?namespace=shop");
  assert.equal(
    objectAddress(deployments, { namespace: "shop", name: "web" }, { tab: "yaml" }),
    "#/deployments.v1.apps/shop/web?tab=yaml",
  );
  // Names of roles may hold what paths do not.
  assert.equal(
    objectAddress(roles, { name: "system:a/b" }),
    "#/clusterroles.v1.rbac.authorization.k8s.io/-/system%3Aa%2Fb",
  );
});

test("what is no address leads to the first page", () => {
  for (const address of ["", "#", "#/", "#/nonsense", "#key=1", "#/%", "#//a/b"])
    assert.deepEqual(routeOf(address), { page: "overview" });
});

test("an address leads where it was made for", () => {
  const word = fc.string({ unit: "grapheme" });
  const kind = fc.constantFrom(deployments, pods, roles);
  const name = word.filter((text) => text !== "");
  const namespace = fc.stringMatching(/^([a-z0-9]([a-z0-9-]*[a-z0-9])?)?$/);
  const route: fc.Arbitrary<Route> = fc.oneof(
    fc.constant<Route>({ page: "overview" }),
    fc.record({ page: fc.constant("create" as const), namespace }),
    fc.record({
      page: fc.constant("list" as const),
      kind,
      namespace,
      labelSelector: word,
      fieldSelector: word,
      filter: word,
    }),
    fc.record({ page: fc.constant("object" as const), kind, namespace, name, tab: word, container: word }),
  );
  fc.assert(fc.property(route, (wanted) => assert.deepEqual(routeOf(addressOf(wanted)), { ...wanted })));
});
