import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { OpenApiV3Message } from "@kubets/api/openapi/write-protobuf-v3";
import type { Transport } from "@kubets/client/transport";
import { decode } from "@kubets/wire/proto";
import { startTestServer } from "../../testing/server.ts";

interface JsonSchema {
  readonly required?: readonly string[];
  readonly properties: Readonly<Record<string, { description: string; format: string; type: string }>>;
}

interface JsonDocument {
  readonly paths: object;
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> };
}

type Named<T> = readonly { readonly name: string; readonly value: T }[];

interface Schema {
  readonly required: readonly string[];
  readonly type: string;
  readonly format: string;
  readonly description: string;
  readonly all_of: readonly { readonly reference: { readonly _ref: string } }[];
  readonly properties: { readonly additional_properties: Named<{ readonly schema: Schema }> };
}

interface Operation {
  readonly operation_id: string;
  readonly request_body: {
    readonly request_body: { readonly content: { readonly additional_properties: Named<object> } };
  };
}

interface Message {
  readonly paths: { readonly path: Named<{ readonly patch?: Operation }> };
  readonly components: { readonly schemas: { readonly additional_properties: Named<{ readonly schema: Schema }> } };
}

let server: Awaited<ReturnType<typeof startTestServer>>;
let transport: Transport;
before(async () => {
  server = await startTestServer();
  transport = server.server.transport({ name: "admin", groups: ["system:masters"] });
});
after(() => server.close());

async function get(path: string, headers: Record<string, string> = {}) {
  const response = await transport.request({ method: "GET", path, headers });
  return { ...response, body: Buffer.from(await response.bytes()) };
}

test("the index leads to documents, which a client keeps for as long as their hash stands", async () => {
  const { paths } = JSON.parse(String((await get("/openapi/v3")).body)) as {
    paths: Record<string, { serverRelativeURL: string }>;
  };
  const url = paths["apis/apps/v1"]?.serverRelativeURL ?? "";
  const found = await get(url, { "accept-encoding": "gzip" });
  assert.equal(found.headers["content-encoding"], "gzip");
  assert.equal(found.headers["cache-control"], "public, immutable");
  const document = JSON.parse(String(gunzipSync(found.body))) as { components: { schemas: Record<string, object> } };
  const spec = document.components.schemas["io.k8s.api.apps.v1.DeploymentSpec"] as {
    properties: { replicas: { description: string } };
  };
  assert.match(spec.properties.replicas.description, /^Number of desired pods/);
  const moved = await get("/openapi/v3/apis/apps/v1?hash=OLD");
  assert.deepEqual([moved.status, moved.headers["location"]], [301, url]);
  assert.equal((await get(url, { "if-none-match": found.headers["etag"] as string })).status, 304);
});

test("version 3 says as a message what it says as JSON", async () => {
  const old = "application/com.github.proto-openapi.spec.v3@v1.0+protobuf";
  const json = JSON.parse(String((await get("/openapi/v3/apis/apps/v1")).body)) as JsonDocument;
  const message = await get("/openapi/v3/apis/apps/v1", { accept: `${old}, application/json;q=0.5` });
  assert.equal(message.headers["content-type"], "application/com.github.proto-openapi.spec.v3.v1.0+protobuf");
  const read = decode(OpenApiV3Message, message.body) as unknown as Message;
  const named = (list: readonly { name: string }[] | undefined) => list?.map(({ name }) => name);
  assert.deepEqual(named(read.paths.path), Object.keys(json.paths));
  const schemas = read.components.schemas.additional_properties;
  assert.deepEqual(named(schemas), Object.keys(json.components.schemas));
  const spec = schemas.find(({ name }) => name === "io.k8s.api.apps.v1.DeploymentSpec")?.value.schema;
  const wanted = json.components.schemas["io.k8s.api.apps.v1.DeploymentSpec"];
  assert.deepEqual(spec?.required, wanted?.required);
  assert.deepEqual(named(spec?.properties.additional_properties), Object.keys(wanted?.properties ?? {}));
  const { replicas, selector } = Object.fromEntries(
    spec?.properties.additional_properties.map(({ name, value }) => [name, value.schema]) ?? [],
  );
  const { description, format, type } = wanted?.properties["replicas"] ?? {};
  assert.deepEqual([replicas?.description, replicas?.format, replicas?.type], [description, format, type]);
  assert.deepEqual(
    selector?.all_of.map(({ reference }) => reference._ref),
    ["#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector"],
  );
  const patch = read.paths.path.find(({ name }) => name.endsWith("/deployments/{name}"))?.value.patch;
  assert.equal(patch?.operation_id, "patchAppsV1NamespacedDeployment");
  assert.deepEqual(named(patch?.request_body.request_body.content.additional_properties), [
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
  ]);
  assert.equal((await get("/openapi/v3/apis/apps/v1", { accept: "text/html" })).status, 406);
});

test("version 2 comes in the form that was asked for", async () => {
  const json = await get("/openapi/v2", { accept: "application/json" });
  assert.equal((JSON.parse(String(json.body)) as { swagger: string }).swagger, "2.0");
  const old = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
  const message = await get("/openapi/v2", { accept: `${old}, application/json;q=0.5` });
  assert.equal(message.headers["content-type"], "application/com.github.proto-openapi.spec.v2.v1.0+protobuf");
  assert.ok(message.body.includes("io.k8s.api.core.v1.PodSpec"));
  assert.equal((await get("/openapi/v2", { accept: "text/html" })).status, 406);
});

test("paths that are not there are answered as the original does", async () => {
  const group = await get("/openapi/v3/nosuch");
  assert.deepEqual([group.status, group.body.length, group.headers["content-type"]], [404, 0, undefined]);
  assert.equal(String((await get("/openapi/v4")).body), "404 page not found\n");
});
