import assert from "node:assert/strict";
import { test } from "node:test";
import { builtInResources } from "../all.ts";
import { openApiDocument } from "./document.ts";

type Anything = { readonly [key: string]: Anything };
const documentOf = (group: string, version: string) =>
  openApiDocument(
    builtInResources.filter((d) => d.group === group && d.version === version),
    "v1.36.2",
  ) as Anything;

test("kubectl finds that patches of deployments take fieldValidation", () => {
  const { paths } = documentOf("apps", "v1");
  const patch = paths?.["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]?.["patch"];
  assert.deepEqual(patch?.["x-kubernetes-group-version-kind"], { group: "apps", kind: "Deployment", version: "v1" });
  assert.ok(
    ((patch?.["parameters"] ?? []) as unknown as { name: string }[]).some(({ name }) => name === "fieldValidation"),
  );
});

test("every reference leads to a schema, in every group", () => {
  for (const { group, version } of builtInResources) {
    const document = documentOf(group, version);
    const schemas = document["components"]?.["schemas"] ?? {};
    for (const [, name] of JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g))
      assert.ok(name && name in schemas, `${group}/${version}: ${name}`);
  }
});

test("merge keys of pods are told", () => {
  const containers = documentOf("", "v1")["components"]?.["schemas"]?.["io.k8s.api.core.v1.PodSpec"]?.["properties"]?.[
    "containers"
  ];
  assert.equal(containers?.["x-kubernetes-patch-merge-key"] as unknown, "name");
  assert.deepEqual(containers?.["x-kubernetes-list-map-keys"], ["name"]);
});
