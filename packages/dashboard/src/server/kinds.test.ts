import assert from "node:assert/strict";
import { test } from "node:test";
import { plural, sectionsOf } from "../parts/sidebar.ts";
import { Kinds, kindsOf, pathOf } from "./kinds.ts";

const verbs = ["list", "watch", "get"];
const found = (resource: string, kind: string, more: object = {}) => ({
  resource,
  responseKind: { kind },
  scope: "Namespaced",
  verbs,
  ...more,
});
const kinds = new Kinds([
  ...kindsOf({
    items: [
      {
        versions: [
          { version: "v1", resources: [found("pods", "Pod"), found("bindings", "Binding", { verbs: ["create"] })] },
        ],
      },
    ],
  }),
  ...kindsOf({
    items: [
      {
        metadata: { name: "apps" },
        versions: [
          {
            version: "v1",
            resources: [
              found("deployments", "Deployment", { subresources: [{ subresource: "scale", verbs: ["patch"] }] }),
            ],
          },
          { version: "v1beta1", resources: [found("deployments", "Deployment"), found("olds", "Old")] },
        ],
      },
      {
        metadata: { name: "example.com" },
        versions: [{ version: "v1", resources: [found("things", "Thing", { scope: "Cluster" })] }],
      },
    ],
  }),
]);

test("a resource is taken in the version that its group prefers", () => {
  const deployment = kinds.named({ group: "apps", resource: "deployments" });
  assert.equal(deployment?.version, "v1");
  assert.deepEqual(deployment?.subresources.get("scale"), ["patch"]);
  assert.equal(kinds.named({ group: "apps", resource: "olds" })?.version, "v1beta1");
  assert.equal(kinds.of({ apiVersion: "example.com/v1", kind: "Thing" })?.namespaced, false);
  assert.equal(kinds.of({ kind: "Pod" })?.resource, "pods");
});

test("paths are those of the API, whatever a name holds", () => {
  assert.equal(
    pathOf({ group: "", version: "v1", resource: "pods" }, "a", "b", "log"),
    "/api/v1/namespaces/a/pods/b/log",
  );
  assert.equal(pathOf({ group: "apps", version: "v1", resource: "deployments" }), "/apis/apps/v1/deployments");
  assert.equal(pathOf({ group: "", version: "v1", resource: "nodes" }, "", "../x?y"), "/api/v1/nodes/..%2Fx%3Fy");
});

test("the usual kinds stand first, custom ones by their groups, what cannot be listed nowhere", () => {
  const { usual, others } = sectionsOf(kinds);
  const shown = (sections: typeof usual) => sections.map(({ title, kinds: all }) => `${title}: ${all.map(plural)}`);
  assert.deepEqual(shown(usual), ["Workloads: Pods,Deployments"]);
  assert.deepEqual(shown(others), ["apps: Olds", "example.com: Things"]);
});

test("kinds are called as they are written", () => {
  const called = (kind: string, resource: string) => plural({ kind, resource });
  assert.equal(called("NetworkPolicy", "networkpolicies"), "NetworkPolicies");
  assert.equal(called("Ingress", "ingresses"), "Ingresses");
  assert.equal(called("Endpoints", "endpoints"), "Endpoints");
  assert.equal(called("CSIDriver", "csidrivers"), "CSIDrivers");
  assert.equal(called("Goose", "geese"), "Geese");
});
