import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseArguments } from "./arguments.ts";
import type { ApiResource } from "./discovery.ts";
import { objectsIn } from "./documents.ts";
import { kindText, Mapper, pathOf } from "./mapper.ts";
import { splitPairs } from "./pairs.ts";

const resource = (
  group: string,
  version: string,
  name: string,
  kind: string,
  more: Partial<ApiResource> = {},
): ApiResource => ({
  group,
  version,
  resource: name,
  kind,
  namespaced: true,
  singular: kind.toLowerCase(),
  shortNames: [],
  categories: [],
  verbs: ["get", "list"],
  subresources: [],
  ...more,
});

const group = (name: string, ...versions: [string, ApiResource[]][]) => ({
  name,
  versions: versions.map(([version, resources]) => ({ version, resources })),
});

const mapper = new Mapper([
  group("", [
    "v1",
    [
      resource("", "v1", "pods", "Pod", { shortNames: ["po"], categories: ["all"] }),
      resource("", "v1", "events", "Event", { shortNames: ["ev"] }),
      resource("", "v1", "nodes", "Node", { namespaced: false }),
    ],
  ]),
  group("apps", [
    "v1",
    [resource("apps", "v1", "deployments", "Deployment", { shortNames: ["deploy"], categories: ["all"] })],
  ]),
  group("events.k8s.io", ["v1", [resource("events.k8s.io", "v1", "events", "Event", { shortNames: ["ev"] })]]),
  group(
    "autoscaling",
    ["v2", [resource("autoscaling", "v2", "hpas", "HPA")]],
    ["v1", [resource("autoscaling", "v1", "hpas", "HPA")]],
  ),
]);

describe("names of resources", () => {
  for (const written of ["pods", "pod", "po", "Pod", "PODS"])
    it(written, () => assert.equal(mapper.resource(written).resource, "pods"));

  it("with groups and versions", () => {
    assert.equal(mapper.resource("deployments.apps").kind, "Deployment");
    assert.equal(mapper.resource("deploy.v1.apps").kind, "Deployment");
    assert.equal(mapper.resource("pods.v1").kind, "Pod");
    assert.equal(mapper.resource("ev").group, "");
    assert.equal(mapper.resource("ev.events.k8s.io").group, "events.k8s.io");
    assert.equal(mapper.resource("hpas").version, "v2");
    assert.equal(mapper.resource("hpas.v1.autoscaling").version, "v1");
  });

  it("that no server has", () =>
    assert.throws(() => mapper.resource("foo"), { message: 'the server doesn\'t have a resource type "foo"' }));

  it("as messages and paths say them", () => {
    const deployments = mapper.forKind("apps/v1", "Deployment");
    assert.equal(kindText(deployments), "deployment.apps");
    assert.equal(pathOf(deployments, "ns", "web", "scale"), "/apis/apps/v1/namespaces/ns/deployments/web/scale");
    assert.equal(pathOf(mapper.resource("nodes"), "ns", "n1"), "/api/v1/nodes/n1");
    assert.throws(() => mapper.forKind("v1", "Foo"), /no matches for kind "Foo" in version "v1"/);
  });
});

const parsed = (...args: string[]) => {
  const { targets, single } = parseArguments(args, mapper, "get");
  return { targets: targets.map(({ resource: { resource: name }, names }) => [name, ...names].join(" ")), single };
};

describe("arguments", () => {
  it("name all of some resources", () =>
    assert.deepEqual(parsed("po,deploy"), { targets: ["pods", "deployments"], single: false }));
  it("name a category", () => assert.deepEqual(parsed("all").targets, ["pods", "deployments"]));
  it("name objects of one resource", () =>
    assert.deepEqual(parsed("pod", "a", "b"), { targets: ["pods a b"], single: false }));
  it("name one object", () => assert.deepEqual(parsed("pod", "a"), { targets: ["pods a"], single: true }));
  it("name objects of several resources", () =>
    assert.deepEqual(parsed("pod/a", "deploy/b"), { targets: ["pods a", "deployments b"], single: false }));
  it("do not mix the two forms", () =>
    assert.throws(() => parsed("pods", "pod/a"), /there is no need to specify a resource type/));
});

describe("objects in files", () => {
  it("stand one after the other, and in lists", () => {
    const text =
      "apiVersion: v1\nkind: Pod\n---\n---\napiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Node}\n";
    assert.deepEqual(
      objectsIn(text, "f").map(({ object }) => object.kind),
      ["Pod", "Node"],
    );
  });
  it("say what they are", () => assert.throws(() => objectsIn("a: 1", "f.yaml"), /kind not set/));
  it("are YAML", () =>
    assert.throws(() => objectsIn("a: [", "f.yaml"), /error parsing f.yaml: error converting YAML to JSON: yaml: /));
});

it("changes stand behind the names of objects", () => {
  assert.deepEqual(splitPairs(["pods", "a", "x=1", "y-"], "label"), {
    names: ["pods", "a"],
    set: { x: "1" },
    remove: ["y"],
  });
  assert.deepEqual(splitPairs(["pod/a", "k/x=1"], "label"), { names: ["pod/a"], set: { "k/x": "1" }, remove: [] });
  assert.throws(() => splitPairs(["pods", "a", "x=1", "x-"], "label"), /can not both modify and remove a label/);
});
