import assert from "node:assert/strict";
import { test } from "node:test";
import { builtInResources } from "../all.ts";
import type { ResourceDefinition } from "../resource.ts";
import { makeStruct } from "../schema.ts";
import { openApiDocument } from "./document.ts";
import { openApiV2, openApiV3 } from "./json-schema.ts";
import { writeJson } from "./write-json.ts";
import { writeProtobuf } from "./write-protobuf.ts";

type Anything = { readonly [key: string]: Anything };
const describe = (type: string, field?: string) => `About ${field ?? type}.`;

function documentOf(group: string, version: string, dialect = openApiV3): Anything {
  const definitions = builtInResources.filter((d) => d.group === group && d.version === version);
  const { entries } = openApiDocument(definitions, dialect);
  return JSON.parse([...writeJson(entries(describe), dialect, "v1.36.2")].join("")) as Anything;
}

test("kubectl finds that patches of deployments take fieldValidation", () => {
  const { paths } = documentOf("apps", "v1");
  const patch = paths?.["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]?.["patch"];
  assert.deepEqual(patch?.["x-kubernetes-group-version-kind"], { group: "apps", kind: "Deployment", version: "v1" });
  assert.ok(
    ((patch?.["parameters"] ?? []) as unknown as { name: string }[]).some(({ name }) => name === "fieldValidation"),
  );
});

test("clients find that a share can be asked for of what is listed, watched and deleted", () => {
  const { paths } = documentOf("", "v1");
  const named = (method: string) =>
    (
      (paths?.["/api/v1/namespaces/{namespace}/pods"]?.[method]?.["parameters"] ?? []) as unknown as { name: string }[]
    ).map(({ name }) => name);
  assert.ok(named("get").includes("shardSelector") && named("delete").includes("shardSelector"));
  assert.ok(named("delete").includes("timeoutSeconds") && !named("delete").includes("watch"));
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

test("version 2 refers to definitions that are there, and has no words that it does not know", () => {
  const { entries } = openApiDocument(builtInResources, openApiV2);
  const text = [...writeJson(entries(describe), openApiV2, "v1.36.2")].join("");
  const document = JSON.parse(text) as Anything;
  const definitions = document["definitions"] ?? {};
  for (const [, name] of text.matchAll(/"#\/definitions\/([^"]+)"/g))
    assert.ok(name !== undefined && name in definitions, String(name));
  assert.ok(!text.includes('"oneOf":[') && !text.includes('"allOf":['));
  const scale = document["paths"]?.["/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale"]?.["get"];
  assert.deepEqual(scale?.["x-kubernetes-group-version-kind"], { group: "autoscaling", kind: "Scale", version: "v1" });
});

test("every kind and field has its text", () => {
  const spec = documentOf("apps", "v1")["components"]?.["schemas"]?.["io.k8s.api.apps.v1.DeploymentSpec"];
  assert.equal(spec?.["description"] as unknown, "About io.k8s.api.apps.v1.DeploymentSpec.");
  assert.equal(spec?.["properties"]?.["replicas"]?.["description"] as unknown, "About replicas.");
});

const crontabs: ResourceDefinition = {
  group: "stable.example.com",
  version: "v1",
  resource: "crontabs",
  singular: "crontab",
  kind: "CronTab",
  namespaced: true,
  verbs: ["get", "list", "create", "patch"],
  schema: makeStruct("custom", []),
  storagePrefix: "/registry/stable.example.com/crontabs",
  isCustom: true,
  openApiSchema: {
    type: "object",
    properties: {
      spec: {
        type: "object",
        properties: {
          port: { "x-kubernetes-int-or-string": true, anyOf: [{ type: "integer" }, { type: "string" }] },
          note: { type: "string", nullable: true },
        },
      },
    },
  },
};

test("custom kinds stand under their group's name, with the metadata of every object", () => {
  const document = (dialect: typeof openApiV3) =>
    JSON.parse(
      [...writeJson(openApiDocument([crontabs], dialect).entries(describe), dialect, "v1.36.2")].join(""),
    ) as Anything;
  const v3 = document(openApiV3)["components"]?.["schemas"]?.["com.example.stable.v1.CronTab"];
  assert.deepEqual(Object.keys(v3?.["properties"] ?? {}), ["spec", "apiVersion", "kind", "metadata"]);
  const v2 = document(openApiV2)["definitions"]?.["com.example.stable.v1.CronTab"]?.["properties"]?.["spec"];
  assert.deepEqual(v2?.["properties"], { port: { "x-kubernetes-int-or-string": true }, note: {} });
});

test("custom kinds take no strategic merge patch, and are not said to", () => {
  const { entries } = openApiDocument([crontabs], openApiV2);
  const text = [...writeJson(entries(describe), openApiV2, "v1.36.2")].join("");
  assert.match(text, /application\/merge-patch\+json/);
  assert.doesNotMatch(text, /strategic/);
});

test("the message for older clients holds what the JSON holds", () => {
  const { entries } = openApiDocument([crontabs], openApiV2);
  const bytes = Buffer.concat([...writeProtobuf(entries(describe), "v1.36.2")]);
  for (const text of [
    "2.0",
    "com.example.stable.v1.CronTab",
    "/apis/stable.example.com/v1/crontabs",
    "x-kubernetes-action",
  ])
    assert.ok(bytes.includes(text), text);
});
