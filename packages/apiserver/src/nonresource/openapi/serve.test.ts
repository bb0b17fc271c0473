import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { gunzipSync } from "node:zlib";
import type { Transport } from "@kubets/client/transport";
import { startTestServer } from "../../testing/server.ts";

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
