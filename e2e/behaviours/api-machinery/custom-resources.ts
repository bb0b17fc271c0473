/** Definitions of custom resources and the objects of their kinds: served, found, watched, defaulted, published, and checked by kubectl. */
import assert from "node:assert/strict";
import { customresourcedefinitions } from "@kubets/api/generated/refs";
import type { KubeObject } from "@kubets/api/meta";
import { customResource, type ResourceRef } from "@kubets/api/resource-ref";
import { startHttps } from "../../apiserver/https-server.ts";
import { behaviour } from "../behaviour.ts";
import type { BehaviourContext } from "../context.ts";

const DEFINITIONS = "/apis/apiextensions.k8s.io/v1";
const of = (words: string) => `[sig-api-machinery] ${words} [Conformance]`;
const RESOURCES = "CustomResourceDefinition resources [Privileged:ClusterAdmin]";
const OPENAPI = "CustomResourcePublishOpenAPI [Privileged:ClusterAdmin]";

interface Thing extends KubeObject {
  readonly spec?: Readonly<Record<string, unknown>>;
}

interface Defined {
  readonly name: string;
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
  ref(version?: string): ResourceRef<Thing>;
}

const string = { type: "string" };
const schemaOf = (properties: object) => ({ type: "object", properties: { spec: { type: "object", properties } } });
const versionOf = (schema: object, name = "v1", storage = true) => ({
  name,
  served: true,
  storage,
  schema: { openAPIV3Schema: schema },
});

interface Wanted {
  readonly group?: string;
  readonly labels?: Record<string, string>;
  readonly conversion?: object;
}

/** Makes a definition of a kind that nobody else has, and waits until it is served. */
async function define(t: BehaviourContext, versions: readonly object[], wanted: Wanted = {}): Promise<Defined> {
  const plural = t.name("thing").replace(/[^a-z0-9]/g, "");
  const { group = `${plural}.example.com`, labels, conversion } = wanted;
  const kind = `K${plural}`;
  const name = `${plural}.${group}`;
  t.cleanup(() => t.request("DELETE", `${DEFINITIONS}/customresourcedefinitions/${name}`));
  const metadata = { name, ...(labels && { labels }) };
  const names = { plural, kind };
  const spec = { group, scope: "Namespaced", names, versions: versions as never, ...(conversion && { conversion }) };
  await t.client.create(customresourcedefinitions, { metadata, spec });
  await t.until(customresourcedefinitions, name, "the definition is established", (definition) =>
    definition?.status.conditions?.some(({ type, status }) => type === "Established" && status === "True"),
  );
  const served = versions as { name: string }[];
  await t.eventually("all versions are served", async () => {
    const answers = await Promise.all(served.map((v) => t.request("GET", `/apis/${group}/${v.name}`)));
    return answers.every(({ status }) => status === 200);
  });
  const ref = (version = served[0]?.name ?? "v1") =>
    customResource<Thing>({ group, version, resource: plural, kind, namespaced: true });
  return { name, group, kind, plural, ref };
}

const change = (t: BehaviourContext, { name }: Defined, versions: readonly object[]) =>
  t.client.patch(customresourcedefinitions, { name }, { type: "merge", body: { spec: { versions } } });

/** The published schema of a kind, when there is one. */
async function published(t: BehaviourContext, { group, kind }: Defined, version = "v1") {
  const { status, json } = await t.request("GET", `/openapi/v3/apis/${group}/${version}`);
  if (status !== 200) return undefined;
  return json.components.schemas[`${group.split(".").reverse().join(".")}.${version}.${kind}`];
}

const yamlOf = ({ group, kind }: Defined, name: string, more: object) =>
  JSON.stringify({ apiVersion: `${group}/v1`, kind, metadata: { name }, ...more });

/** Creates by kubectl, applies a change, and deletes. */
async function takenByKubectl(t: BehaviourContext, defined: Defined, first: object, second: object): Promise<void> {
  await t.kubectl(["create", "-f", "-"], { input: yamlOf(defined, "taken", first) });
  await t.kubectl(["delete", defined.name, "taken"]);
  await t.kubectl(["apply", "-f", "-"], { input: yamlOf(defined, "taken", first) });
  await t.kubectl(["apply", "-f", "-"], { input: yamlOf(defined, "taken", second) });
  await t.kubectl(["delete", defined.name, "taken"]);
}

behaviour(
  of(`${RESOURCES} Simple CustomResourceDefinition creating/deleting custom resource definition objects works`),
  { on: "api" },
  async (t) => {
    const defined = await define(t, [versionOf(schemaOf({}))]);
    await t.client.delete(customresourcedefinitions, { name: defined.name });
    await t.untilGone(customresourcedefinitions, defined.name);
  },
);

behaviour(
  of(`${RESOURCES} Simple CustomResourceDefinition listing custom resource definition objects works`),
  { on: "api" },
  async (t) => {
    const mark = t.name("mark");
    const other = await define(t, [versionOf(schemaOf({}))]);
    const all = await Promise.all(
      Array.from({ length: 10 }, () => define(t, [versionOf(schemaOf({}))], { labels: { mark } })),
    );
    const labelSelector = `mark=${mark}`;
    const found = await t.client.list(customresourcedefinitions, { labelSelector });
    assert.deepEqual(
      found.items.map(({ metadata }) => metadata.name).toSorted(),
      all.map(({ name }) => name).toSorted(),
    );
    await t.client.deleteCollection(customresourcedefinitions, { labelSelector });
    await t.eventually(
      "they are gone",
      async () => (await t.client.list(customresourcedefinitions, { labelSelector })).items.length === 0,
    );
    assert.equal((await t.client.get(customresourcedefinitions, { name: other.name })).metadata.name, other.name);
  },
);

behaviour(
  of(`${RESOURCES} custom resource defaulting for requests and from storage works`),
  { on: "api" },
  async (t) => {
    const withDefaults = (a?: string, b?: string) => [
      versionOf(schemaOf({ a: { ...string, ...(a && { default: a }) }, b: { ...string, ...(b && { default: b }) } })),
    ];
    const defined = await define(t, withDefaults());
    const ref = defined.ref();
    const read = async (name: string) => (await t.client.get(ref, { namespace: t.namespace, name })).spec;
    await t.client.create(ref, { metadata: { name: "first", namespace: t.namespace }, spec: {} });
    assert.deepEqual(await read("first"), {});
    await change(t, defined, withDefaults("A"));
    await t.eventually("what was stored is defaulted", async () => (await read("first"))?.["a"] === "A");
    await t.eventually("what is sent is defaulted", async () => {
      const name = t.name("second");
      const made = await t.client.create(ref, { metadata: { name, namespace: t.namespace }, spec: {} });
      if (made.spec?.["a"] !== "A") return false;
      await change(t, defined, withDefaults(undefined, "B"));
      return t.eventually("the new default is there", async () => {
        const spec = await read(name);
        return spec?.["b"] === "B" && (assert.equal(spec["a"], "A", "the old default stays"), true);
      });
    });
  },
);

behaviour(
  of(`${RESOURCES} should include custom resource definition resources in discovery documents`),
  { on: "api" },
  async (t) => {
    const get = async (path: string) => (await t.request("GET", path)).json;
    const entry = { groupVersion: "apiextensions.k8s.io/v1", version: "v1" };
    const groups = (await get("/apis")).groups as { name: string; versions: object[] }[];
    assert.deepEqual(groups.find(({ name }) => name === "apiextensions.k8s.io")?.versions, [entry]);
    assert.deepEqual((await get("/apis/apiextensions.k8s.io")).versions, [entry]);
    const { resources } = await get(DEFINITIONS);
    assert.ok((resources as { name: string }[]).some(({ name }) => name === "customresourcedefinitions"));
  },
);

behaviour(
  of(
    "CustomResourceDefinition Watch [Privileged:ClusterAdmin] CustomResourceDefinition Watch watch on custom resource definition objects",
  ),
  { on: "api" },
  async (t) => {
    const { ref } = await define(t, [versionOf(schemaOf({ a: string }))]);
    const seen: string[] = [];
    const watch = await t.client.watch(
      ref(),
      { namespace: t.namespace },
      {
        events: (batch) => seen.push(...batch.map(({ type, object }) => `${type} ${object.metadata.name}`)),
        closed: () => {},
      },
    );
    t.cleanup(() => watch.stop());
    const key = { namespace: t.namespace, name: "watched" };
    await t.client.create(ref(), { metadata: key });
    await t.client.patch(ref(), key, { type: "merge", body: { spec: { a: "x" } } });
    await t.client.delete(ref(), key);
    await t.eventually("all three events", () => seen.length >= 3);
    assert.deepEqual(seen, ["ADDED watched", "MODIFIED watched", "DELETED watched"]);
  },
);

behaviour(
  of(`${OPENAPI} removes definition from spec when one version gets changed to not be served`),
  { on: "api" },
  async (t) => {
    const versions = [versionOf(schemaOf({ a: string })), versionOf(schemaOf({ b: string }), "v2", false)];
    const defined = await define(t, versions);
    assert.ok((await published(t, defined))?.properties.spec.properties.a);
    assert.ok((await published(t, defined, "v2"))?.properties.spec.properties.b);
    await change(t, defined, [versions[0] as object, { ...versions[1], served: false }]);
    await t.eventually(
      "the version is published no more",
      async () => (await published(t, defined, "v2")) === undefined,
    );
    assert.ok(await published(t, defined));
  },
);

const FREE = { type: "object", "x-kubernetes-preserve-unknown-fields": true };

for (const words of [
  "works for CRD preserving unknown fields at the schema root",
  "works for CRD without validation schema",
])
  behaviour(of(`${OPENAPI} ${words}`), { on: "api" }, async (t) => {
    const defined = await define(t, [versionOf(FREE)]);
    await takenByKubectl(t, defined, { any: { thing: 1 } }, { other: [true] });
    const text = await t.kubectl(["explain", defined.name]);
    assert.match(text, new RegExp(`KIND:\\s+${defined.kind}`));
    assert.match(text, /DESCRIPTION:\n/);
  });

behaviour(of(`${OPENAPI} works for CRD preserving unknown fields in an embedded object`), { on: "api" }, async (t) => {
  const embedded = { ...FREE, "x-kubernetes-embedded-resource": true };
  const defined = await define(t, [versionOf({ type: "object", properties: { spec: embedded } })]);
  const spec = { apiVersion: "example.com/v1", kind: "Inner", free: 1 };
  await takenByKubectl(t, defined, { spec }, { spec: { ...spec, more: { free: 2 } } });
  assert.match(await t.kubectl(["explain", `${defined.name}`]), new RegExp(`KIND:\\s+${defined.kind}`));
  assert.equal((await published(t, defined))?.properties.spec["x-kubernetes-preserve-unknown-fields"], true);
});

const CHECKED = {
  type: "object",
  description: "A thing that is checked.",
  properties: {
    spec: {
      type: "object",
      description: "What is wanted.",
      required: ["name"],
      properties: {
        name: { ...string, description: "How it is called." },
        ages: { type: "array", items: { type: "integer" } },
        inner: { type: "object", properties: { on: { type: "boolean" } } },
      },
    },
  },
};

behaviour(of(`${OPENAPI} works for CRD with validation schema`), { on: "api" }, async (t) => {
  const defined = await define(t, [versionOf(CHECKED)]);
  await takenByKubectl(t, defined, { spec: { name: "a" } }, { spec: { name: "b", ages: [1], inner: { on: true } } });
  for (const verb of ["create", "apply"]) {
    const refused = (spec: object) => t.kubectl([verb, "-f", "-"], { input: yamlOf(defined, "refused", { spec }) });
    await assert.rejects(refused({ name: "a", bogus: 1 }), /unknown field "spec\.bogus"/);
    await assert.rejects(refused({ ages: [1] }), /spec\.name: Required value/);
  }
  assert.match(await t.kubectl(["explain", defined.name]), /A thing that is checked\.[\s\S]*spec\s+<Object>/);
  assert.match(
    await t.kubectl(["explain", `${defined.name}.spec`]),
    /What is wanted\.[\s\S]*ages\s+<\[\]integer>[\s\S]*name\s+<string> -required-/,
  );
  await assert.rejects(t.kubectl(["explain", `${defined.name}.spec.nothing`]), /field "nothing" does not exist/);
});

behaviour(of(`${OPENAPI} works for multiple CRDs of different groups`), { on: "api" }, async (t) => {
  for (const property of ["one", "two"]) {
    const defined = await define(t, [versionOf(schemaOf({ [property]: string }))]);
    assert.ok((await published(t, defined))?.properties.spec.properties[property]);
  }
});

behaviour(
  of(`${OPENAPI} works for multiple CRDs of same group and version but different kinds`),
  { on: "api" },
  async (t) => {
    const group = `${t.name("shared")}.example.com`;
    const first = await define(t, [versionOf(schemaOf({ one: string }))], { group });
    const second = await define(t, [versionOf(schemaOf({ two: string }))], { group });
    assert.ok((await published(t, first))?.properties.spec.properties.one);
    assert.ok((await published(t, second))?.properties.spec.properties.two);
  },
);

const strictly = (t: BehaviourContext, { ref }: Defined, spec: object) =>
  t.client.apply(ref(), { metadata: { name: "applied", namespace: t.namespace }, spec } as never, {
    fieldManager: "behaviour",
    fieldValidation: "Strict",
  });

behaviour(
  of("FieldValidation should create/apply a CR with unknown fields for CRD with no validation schema"),
  { on: "api" },
  async (t) => {
    const defined = await define(t, [versionOf(FREE)]);
    assert.deepEqual((await strictly(t, defined, { any: "thing" })).spec, { any: "thing" });
  },
);

behaviour(
  of("FieldValidation should create/apply a valid CR for CRD with validation schema"),
  { on: "api" },
  async (t) => {
    const defined = await define(t, [versionOf(CHECKED)]);
    assert.deepEqual((await strictly(t, defined, { name: "a", ages: [1] })).spec, { name: "a", ages: [1] });
  },
);

behaviour(
  of("FieldValidation should create/apply an invalid CR with extra properties for CRD with validation schema"),
  { on: "api" },
  async (t) => {
    const defined = await define(t, [versionOf(CHECKED)]);
    await assert.rejects(strictly(t, defined, { name: "a", bogus: 1 }), /\.spec\.bogus: field not declared in schema/);
    const body = { metadata: { name: "made", namespace: t.namespace }, spec: { name: "a", bogus: 1 } };
    const made = t.client.create(defined.ref(), body, { fieldValidation: "Strict" });
    await assert.rejects(made, /strict decoding error: unknown field "spec\.bogus"/);
  },
);

/** A webhook that gives v2 what v1 has in one field in two, and back; and the conversion that names it. */
async function converter(t: BehaviourContext) {
  const server = await startHttps(
    (_, response, body) => {
      const { request } = JSON.parse(body) as { request: { uid: string; desiredAPIVersion: string; objects: Thing[] } };
      const convertedObjects = request.objects.map((object) => {
        const { hostPort = "", host = "", port = "" } = (object.spec ?? {}) as Record<string, string>;
        const [first = "", second = ""] = hostPort.split(":");
        const isFirst = request.desiredAPIVersion.endsWith("/v1");
        const spec = isFirst ? { hostPort: `${host}:${port}` } : { host: first, port: second };
        return { ...object, apiVersion: request.desiredAPIVersion, spec };
      });
      const answer = { uid: request.uid, result: { status: "Success" }, convertedObjects };
      const review = { kind: "ConversionReview", apiVersion: "apiextensions.k8s.io/v1", response: answer };
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(review));
    },
    { net: t.cluster.net },
  );
  t.cleanup(() => server.close());
  const clientConfig = { url: `${server.url}/convert`, caBundle: server.caBundle };
  return { strategy: "Webhook", webhook: { clientConfig, conversionReviewVersions: ["v1"] } };
}

const hostVersions = (stored: "v1" | "v2") => [
  versionOf(schemaOf({ hostPort: string }), "v1", stored === "v1"),
  versionOf(schemaOf({ host: string, port: string }), "v2", stored === "v2"),
];
const CONVERSION = "CustomResourceConversionWebhook [Privileged:ClusterAdmin]";

behaviour(of(`${CONVERSION} should be able to convert from CR v1 to CR v2`), { on: "api" }, async (t) => {
  const { ref } = await define(t, hostVersions("v1"), { conversion: await converter(t) });
  const key = { namespace: t.namespace, name: "converted" };
  await t.client.create(ref("v1"), { metadata: key, spec: { hostPort: "a:1" } });
  assert.deepEqual((await t.client.get(ref("v2"), key)).spec, { host: "a", port: "1" });
});

behaviour(of(`${CONVERSION} should be able to convert a non homogeneous list of CRs`), { on: "api" }, async (t) => {
  const defined = await define(t, hostVersions("v1"), { conversion: await converter(t) });
  const { ref, name } = defined;
  const { namespace } = t;
  await t.client.create(ref("v1"), { metadata: { name: "first", namespace }, spec: { hostPort: "a:1" } });
  await change(t, defined, hostVersions("v2"));
  await t.until(
    customresourcedefinitions,
    name,
    "both versions are stored",
    (d) => d?.status.storedVersions.length === 2,
  );
  await t.client.create(ref("v1"), { metadata: { name: "second", namespace }, spec: { hostPort: "b:2" } });
  const specs = async (version: string) =>
    (await t.client.list(ref(version), { namespace })).items.map(({ apiVersion, spec }) => [apiVersion, spec]);
  const { group } = defined;
  await t.eventually("the list is whole in v2", async () => (await specs("v2")).length === 2);
  assert.deepEqual(await specs("v2"), [
    [`${group}/v2`, { host: "a", port: "1" }],
    [`${group}/v2`, { host: "b", port: "2" }],
  ]);
  assert.deepEqual(await specs("v1"), [
    [`${group}/v1`, { hostPort: "a:1" }],
    [`${group}/v1`, { hostPort: "b:2" }],
  ]);
});
