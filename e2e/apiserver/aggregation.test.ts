/** An API server behind an APIService: who it is told asks, what passes through, what clients find of it, and what they are told when it is not there. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { connect } from "node:tls";
import { promisify } from "node:util";
import type { APIService } from "@kubets/api/generated/types/apiregistration-v1";
import { MemoryStorage } from "@kubets/storage";
import { frontProxy } from "kubets/server/certificates";
import { startApiServer } from "../api-server.ts";
import { eventually } from "../cluster.ts";
import { realProgram } from "../real-programs.ts";
import { type AggregatedServer, startAggregated } from "./aggregated-server.ts";
import { type Ask, asker } from "./api.ts";

const APISERVICES = "/apis/apiregistration.k8s.io/v1/apiservices";
const FLUNDERS = "/apis/wardle.example/v1/namespaces/default/flunders";
const AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "kubets-aggregation-"));
const proxy = frontProxy(folder, Date.now);
let server: Awaited<ReturnType<typeof startApiServer>>;
let remote: AggregatedServer;
let ask: Ask;

const conditionOf = async (name: string) => {
  const { body } = await ask("GET", `${APISERVICES}/${name}`);
  return ((body as unknown as APIService).status.conditions ?? []).find(({ type }) => type === "Available");
};

async function register(name: string, spec: Record<string, unknown>) {
  const [version = "", ...group] = name.split(".");
  const made = await ask("POST", APISERVICES, {
    metadata: { name },
    spec: { group: group.join("."), version, groupPriorityMinimum: 2000, versionPriority: 15, ...spec },
  });
  assert.equal(made.status, 201, JSON.stringify(made.body));
}

const until = (name: string, reason: string) =>
  eventually(`${name} to be ${reason}`, async () => (await conditionOf(name))?.reason === reason, 20_000);

before(async () => {
  remote = await startAggregated(proxy.ca);
  server = await startApiServer(new MemoryStorage(), {
    proxyClient: proxy.client(),
    published: {
      clientCa: "users",
      frontProxy: {
        ca: proxy.ca,
        allowedNames: ["front-proxy-client"],
        usernameHeaders: ["X-Remote-User"],
        uidHeaders: ["X-Remote-Uid"],
        groupHeaders: ["X-Remote-Group"],
        extraPrefixes: ["X-Remote-Extra-"],
      },
    },
  });
  ask = asker(server.overHttps);
  await ask("POST", "/api/v1/namespaces", { metadata: { name: "default" } });
  await ask("POST", "/api/v1/namespaces/default/services", {
    metadata: { name: "api" },
    spec: { type: "ExternalName", externalName: "localhost" },
  });
  const service = { namespace: "default", name: "api", port: remote.https.port };
  await register("v1.wardle.example", { service, caBundle: remote.https.caBundle });
  await until("v1.wardle.example", "Passed");
});
after(async () => {
  await server.stop();
  await remote.https.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("a request", () => {
  it("reaches the server with the proxy's certificate and the user, and nothing else that could say who asks", async () => {
    const { status, body } = await ask("GET", `${FLUNDERS}/one`, undefined, {
      "x-remote-user": "somebody-else",
      "x-remote-extra-x": "y",
    });
    assert.deepEqual([status, body.kind], [200, "Flunder"]);
    // Meanwhile the server may have asked for documents.
    const last = remote.seen.findLast(({ url }) => url === `${FLUNDERS}/one`);
    assert.equal(last?.proxy, "front-proxy-client");
    const { headers } = last;
    assert.deepEqual(
      [headers["x-remote-user"], headers["x-remote-group"], headers["x-remote-extra-x"], headers.authorization],
      ["admin", "system:masters, system:authenticated", undefined, undefined],
    );
  });

  it("carries a body, and the answer of the server whatever it is", async () => {
    const made = await ask("POST", FLUNDERS, { kind: "Flunder", metadata: { name: "new" } });
    assert.deepEqual([made.status, made.body.metadata.name], [201, "new"]);
    const missing = await ask("GET", "/apis/wardle.example/v1/nothing");
    assert.deepEqual([missing.status, missing.body.message], [404, "not here"]);
  });

  it("may be the server's own, that admits what others write", async () => {
    const path = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";
    const made = await ask("POST", path, {
      metadata: { name: "aggregated" },
      webhooks: [
        {
          name: "reviews.wardle.example",
          clientConfig: {
            service: { namespace: "default", name: "kubernetes", path: "/apis/wardle.example/v1/reviews" },
          },
          rules: [{ apiGroups: [""], apiVersions: ["v1"], resources: ["configmaps"], operations: ["CREATE"] }],
          sideEffects: "None",
          admissionReviewVersions: ["v1"],
        },
      ],
    });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const refused = await ask("POST", "/api/v1/namespaces/default/configmaps", { metadata: { name: "a" } });
    await ask("DELETE", `${path}/aggregated`);
    assert.match(refused.body.message ?? "", /denied the request: so says who was asked by system:apiserver$/);
  });

  it("may be a watch", async () => {
    const response = await server.overHttps.request({ method: "GET", path: `${FLUNDERS}?watch=1` });
    let text = "";
    for await (const chunk of response.stream()) {
      text += Buffer.from(chunk).toString();
      if (text.split("\n").length > 2) break;
    }
    assert.deepEqual(
      [...text.matchAll(/"type":"(\w+)"/g)].map(([, type]) => type),
      ["ADDED", "MODIFIED"],
    );
  });

  it("may be upgraded", async () => {
    const { port, hostname } = new URL(server.url);
    const socket = connect({
      host: hostname,
      port: Number(port),
      rejectUnauthorized: false,
      ALPNProtocols: ["http/1.1"],
    });
    socket.write(
      `GET ${FLUNDERS}/one/echo HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${server.token}\r\nconnection: Upgrade\r\nupgrade: echo\r\n\r\n`,
    );
    let text = "";
    let sent = false;
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      text += chunk.toString();
      if (!sent && text.includes("\r\n\r\n")) {
        sent = true;
        socket.write("hello");
      }
      if (text.endsWith("hello")) break;
    }
    assert.match(text, /^HTTP\/1.1 101 /);
  });

  it("may come from the server's own process", async () => {
    const inProcess = asker(server.inProcess);
    assert.equal((await inProcess("GET", FLUNDERS)).body.items[0]?.metadata.name, "one");
  });
});

describe("what clients find", () => {
  it("names the group at its place in discovery, plain and aggregated", async () => {
    const { body } = await ask("GET", "/apis");
    const groups = body["groups"] as { name: string; versions: { groupVersion: string }[] }[];
    assert.equal(groups[0]?.name, "apiregistration.k8s.io");
    assert.deepEqual(
      groups.find(({ name }) => name === "wardle.example"),
      {
        name: "wardle.example",
        versions: [{ groupVersion: "wardle.example/v1", version: "v1" }],
        preferredVersion: { groupVersion: "wardle.example/v1", version: "v1" },
      },
    );
    assert.equal((await ask("GET", "/apis/wardle.example")).body.kind, "APIGroup");
    const aggregated = await eventually("the resources to be known", async () => {
      const { items } = (await ask("GET", "/apis", undefined, { accept: AGGREGATED })).body;
      const found = items.find(({ metadata }) => metadata.name === "wardle.example");
      const [version] = (found?.["versions"] ?? []) as {
        freshness: string;
        resources: { resource: string; subresources: unknown[] }[];
      }[];
      return version?.freshness === "Current" && version;
    });
    assert.equal(aggregated.resources[0]?.resource, "flunders");
    assert.equal(aggregated.resources[0]?.subresources.length, 1);
  });

  it("includes its OpenAPI", async () => {
    const { body } = await ask("GET", "/openapi/v3");
    const paths = body["paths"] as Record<string, { serverRelativeURL: string }>;
    const { serverRelativeURL = "" } = paths["apis/wardle.example/v1"] ?? {};
    const document = (await ask("GET", serverRelativeURL)).body["info"];
    assert.deepEqual(document, { title: "wardle" });
  });

  it("includes its OpenAPI of old, beside the server's own", async () => {
    const { body } = await ask("GET", "/openapi/v2");
    const paths = body["paths"] as Record<string, unknown>;
    const definitions = body["definitions"] as Record<string, { type?: string; properties?: Record<string, object> }>;
    assert.ok(paths["/apis/wardle.example/v1/namespaces/{namespace}/flunders"]);
    assert.ok(paths["/api/v1/namespaces/{namespace}/pods"]);
    assert.equal(definitions["unused"], undefined);
    assert.ok(definitions["io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"]?.properties?.["labels"]);
    assert.equal(definitions["io.k8s.api.core.v1.PodStatus"]?.type, "object");
    assert.equal(definitions["io.k8s.api.core.v1.PodStatus_v2"]?.type, "string");
    assert.deepEqual(definitions["example.wardle.v1.Flunder"]?.properties?.["status"], {
      $ref: "#/definitions/io.k8s.api.core.v1.PodStatus_v2",
    });
    const asProtobuf = await server.overHttps.request({
      method: "GET",
      path: "/openapi/v2",
      headers: { accept: "application/com.github.proto-openapi.spec.v2@v1.0+protobuf" },
    });
    assert.ok(Buffer.from(await asProtobuf.bytes()).includes("example.wardle.v1.FlunderList"));
  });

  it("is enough for kubectl", async () => {
    const kubectl = async (...args: string[]) => {
      const { stdout } = await run(
        realProgram("v35", "kubectl"),
        [
          `--server=${server.url}`,
          `--token=${server.token}`,
          "--insecure-skip-tls-verify",
          `--cache-dir=${folder}`,
          ...args,
        ],
        { timeout: 30_000 },
      );
      return stdout;
    };
    assert.equal(await kubectl("get", "fl", "-o", "name"), "flunder.wardle.example/one\n");
    assert.match(await kubectl("get", "apiservice", "v1.wardle.example"), /default\/api\s+True/);
    assert.match(await kubectl("get", "apiservice", "v1.apps"), /Local\s+True/);
  });

  it("and what aggregated servers need to know stands in kube-system", async () => {
    const { body } = await ask("GET", "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication");
    assert.deepEqual(body.data, {
      "client-ca-file": "users",
      "requestheader-allowed-names": '["front-proxy-client"]',
      "requestheader-client-ca-file": proxy.ca,
      "requestheader-extra-headers-prefix": '["X-Remote-Extra-"]',
      "requestheader-group-headers": '["X-Remote-Group"]',
      "requestheader-uid-headers": '["X-Remote-Uid"]',
      "requestheader-username-headers": '["X-Remote-User"]',
    });
  });
});

describe("an APIService that cannot be used", () => {
  it("says why, and requests to it are told", async () => {
    await register("v1.none.example", { service: { namespace: "default", name: "none" } });
    await until("v1.none.example", "ServiceNotFound");
    assert.equal((await conditionOf("v1.none.example"))?.message, 'service/none in "default" is not present');
    const refused = await ask("GET", "/apis/none.example/v1/things");
    assert.deepEqual([refused.status, refused.body.message], [503, "service unavailable\n"]);
  });

  it("follows its service and its endpoints", async () => {
    await register("v1.later.example", {
      service: { namespace: "default", name: "later" },
      insecureSkipTLSVerify: true,
    });
    await until("v1.later.example", "ServiceNotFound");
    const services = "/api/v1/namespaces/default/services";
    await ask("POST", services, { metadata: { name: "later" }, spec: { ports: [{ port: 80 }] } });
    await until("v1.later.example", "ServicePortError");
    await ask(
      "PATCH",
      `${services}/later`,
      { spec: { ports: [{ port: 443 }] } },
      { "content-type": "application/merge-patch+json" },
    );
    await until("v1.later.example", "EndpointsNotFound");
    await ask("POST", "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices", {
      metadata: { name: "later", labels: { "kubernetes.io/service-name": "later" } },
      addressType: "IPv4",
      ports: [{ name: "", port: 443 }],
      endpoints: [],
    });
    await until("v1.later.example", "MissingEndpoints");
  });

  it("is found out when its server breaks, and again when it is mended", async () => {
    const service = { namespace: "default", name: "api", port: remote.https.port };
    remote.isBroken = true;
    await register("v2.wardle.example", { service, caBundle: remote.https.caBundle });
    await until("v2.wardle.example", "FailedDiscoveryCheck");
    const url = `https://localhost:${remote.https.port}/apis/wardle.example/v2`;
    assert.equal(
      (await conditionOf("v2.wardle.example"))?.message,
      `failing or missing response from ${url}: bad status from ${url}: 500`,
    );
    const text = async () => Buffer.from((await server.client.raw("GET", "/metrics")).body).toString();
    assert.match(await text(), /^aggregator_unavailable_apiservice\{name="v2\.wardle\.example"\} 1$/m);
    remote.isBroken = false;
    await ask("DELETE", `${APISERVICES}/v2.wardle.example`);
    assert.equal((await ask("GET", "/apis/wardle.example/v2/flunders")).status, 404);
  });
});

it("groups of custom resources get APIServices, and lose them", async () => {
  const version = { served: true, schema: { openAPIV3Schema: { type: "object" } } };
  const crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  const made = await ask("POST", crds, {
    metadata: { name: "toys.shop.example" },
    spec: {
      group: "shop.example",
      scope: "Namespaced",
      names: { plural: "toys", kind: "Toy" },
      versions: [
        { name: "v1", storage: true, ...version },
        { name: "v2", storage: false, ...version },
      ],
    },
  });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  const there = async () => {
    const { items } = (await ask("GET", APISERVICES)).body;
    return items.filter(({ metadata }) => metadata.name.endsWith(".shop.example"));
  };
  await eventually("both", async () => (await there()).length === 2);
  const [first] = await there();
  assert.deepEqual(first?.metadata.labels, { "kube-aggregator.kubernetes.io/automanaged": "true" });
  assert.deepEqual(first?.spec, {
    group: "shop.example",
    version: "v1",
    groupPriorityMinimum: 1000,
    versionPriority: 100,
  });
  assert.equal((await conditionOf("v1.shop.example"))?.reason, "Local");
  await ask("DELETE", `${crds}/toys.shop.example`);
  await eventually("neither", async () => (await there()).length === 0);
});
