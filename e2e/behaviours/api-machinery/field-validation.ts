/** Fields that a kind does not have, and fields that stand twice, are refused to who asks for strictness: of built-in kinds and of custom ones. */
import assert from "node:assert/strict";
import { customresourcedefinitions } from "@kubets/api/generated/refs";
import { behaviour } from "../behaviour.ts";
import type { BehaviourContext } from "../context.ts";

behaviour(
  "[sig-api-machinery] FieldValidation should detect unknown metadata fields of a typed object [Conformance]",
  { on: "api" },
  async (t) => {
    const labels = { app: "strict" };
    const body = {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "strict", unknownMetadata: "x" },
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: "c", image: t.images.pause }] } },
      },
    };
    const path = `/apis/apps/v1/namespaces/${t.namespace}/deployments`;
    const refused = await t.request("POST", `${path}?fieldValidation=Strict`, body);
    assert.equal(refused.status, 400, refused.text);
    assert.match(refused.json.message as string, /strict decoding error: unknown field "metadata\.unknownMetadata"/);
    const warned = await t.request("POST", `${path}?fieldValidation=Warn&dryRun=All`, body);
    assert.equal(warned.status, 201, warned.text);
    assert.match(String(warned.headers["warning"]), /unknown field/);
  },
);

const CUSTOM = "[sig-api-machinery] FieldValidation should detect";

/** Defines a kind that keeps what it does not know, with an object embedded in its spec; gives what begins an object of it, and where they are. */
async function keepsUnknown(t: BehaviourContext): Promise<{ path: string; apiVersion: string; kind: string }> {
  const plural = t.name("keeper").replace(/[^a-z0-9]/g, "");
  const group = `${plural}.example.com`;
  const kind = `K${plural}`;
  const keep = { "x-kubernetes-preserve-unknown-fields": true };
  const embedded = { "x-kubernetes-embedded-resource": true, properties: { metadata: { type: "object" } } };
  const schema = {
    type: "object",
    ...keep,
    properties: { spec: { type: "object", ...keep, properties: { template: { type: "object", ...embedded } } } },
  };
  const name = `${plural}.${group}`;
  t.cleanup(() => t.client.delete(customresourcedefinitions, { name }));
  await t.client.create(customresourcedefinitions, {
    metadata: { name },
    spec: {
      group,
      scope: "Namespaced",
      names: { plural, kind },
      versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: schema as never } }],
    },
  });
  const path = `/apis/${group}/v1/namespaces/${t.namespace}/${plural}`;
  await t.eventually("the kind is served", async () => (await t.request("GET", path)).status === 200);
  return { path, apiVersion: `${group}/v1`, kind };
}

behaviour(
  `${CUSTOM} unknown metadata fields in both the root and embedded object of a CR [Conformance]`,
  { on: "api" },
  async (t) => {
    const { path, ...head } = await keepsUnknown(t);
    const template = { apiVersion: "v1", kind: "Part", metadata: { name: "part", unknownSubMeta: "x" } };
    const object = { ...head, metadata: { name: "a", unknownMeta: "x" }, spec: { kept: "whatever", template } };
    const refused = await t.request("POST", `${path}?fieldValidation=Strict`, object);
    assert.equal(refused.status, 400, refused.text);
    for (const field of ["metadata.unknownMeta", "spec.template.metadata.unknownSubMeta"])
      assert.ok((refused.json.message as string).includes(`unknown field "${field}"`), refused.text);
    assert.doesNotMatch(refused.json.message, /kept/);
    const warned = await t.request("POST", `${path}?fieldValidation=Warn`, object);
    assert.equal(warned.status, 201, warned.text);
    assert.match(String(warned.headers["warning"]), /unknown field/);
    assert.equal(warned.json.metadata.unknownMeta, undefined);
    assert.equal(warned.json.spec.template.metadata.unknownSubMeta, undefined);
    assert.equal(warned.json.spec.kept, "whatever");
  },
);

behaviour(`${CUSTOM} duplicates in a CR when preserving unknown fields [Conformance]`, { on: "api" }, async (t) => {
  const { path, apiVersion, kind } = await keepsUnknown(t);
  const text = `{"apiVersion":"${apiVersion}","kind":"${kind}","metadata":{"name":"a"},"spec":{"foo":"1","foo":"2"}}`;
  const json = await t.request("POST", `${path}?fieldValidation=Strict`, text);
  assert.equal(json.status, 400, json.text);
  assert.match(json.json.message, /strict decoding error: .*duplicate field "spec\.foo"/);
  const yaml = `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata:\n  name: a\nspec:\n  foo: "1"\n  foo: "2"\n`;
  for (const [method, where, type] of [
    ["POST", path, "application/yaml"],
    ["PATCH", `${path}/a`, "application/apply-patch+yaml"],
  ] as const) {
    const query = `fieldValidation=Strict${method === "PATCH" ? "&fieldManager=me" : ""}`;
    const answer = await t.request(method, `${where}?${query}`, yaml, { "content-type": type });
    assert.equal(answer.status, 400, answer.text);
    assert.match(answer.json.message, /key "foo" already set in map/);
  }
});
