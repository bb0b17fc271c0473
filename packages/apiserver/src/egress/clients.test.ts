/** Each of the server's clients goes through the proxy that its egress selector names. No host here is one: only the proxies know them. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, it } from "node:test";
import {
  apiservices,
  configmaps,
  endpointslices,
  nodes,
  pods,
  serviceaccounts,
  services,
  validatingwebhookconfigurations,
} from "@kubets/api/generated/refs";
import { createClient } from "@kubets/client/typed-client";
import { realClock, seededRandom, silentLogger } from "@kubets/machinery";
import { type ConnectProxy, startConnectProxy } from "@kubets/wire/testing/connect-proxy";
import { setUpAudit } from "../audit/setup.ts";
import type { Credentials } from "../authn/authenticator.ts";
import { externalAuthentication } from "../authn/external-authentication.ts";
import { configuredAuthorization } from "../authz/setup.ts";
import { serverMetrics } from "../metrics/server-metrics.ts";
import { ownServingCertificate } from "../serving-certificate.ts";
import { startOidcIssuer } from "../testing/oidc-issuer.ts";
import { startSocketServer } from "../testing/socket-server.ts";
import { type Egress, openEgress } from "./egress.ts";

const NODE = "192.0.2.10";
const POD = "192.0.2.20";

describe("clients of the server", () => {
  const folder = mkdtempSync(join(tmpdir(), "kubets-egress-"));
  const file = (name: string, content: object) => {
    writeFileSync(join(folder, name), JSON.stringify(content));
    return join(folder, name);
  };
  const names = ["hook.default.svc", "agg.default.svc", "hook.example", "agg.example", "reviews.example"];
  const certificate = ownServingCertificate(undefined, { dnsNames: names, ipAddresses: [] }, Date.now());
  const metrics = serverMetrics(realClock);
  const listening: Server[] = [];
  let cluster: ConnectProxy;
  let controlplane: ConnectProxy;
  let egress: Egress;
  let api: Awaited<ReturnType<typeof startSocketServer>>;
  let admin: ReturnType<typeof createClient>;
  /** What is served behind the proxies, with TLS and without. */
  let port = 0;
  let plainPort = 0;

  const answer: RequestListener = async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    const { kind = "", request: review } = (body ? JSON.parse(body) : {}) as { kind?: string; request?: object };
    const answers: Record<string, object> = {
      TokenReview: { status: { authenticated: true, user: { username: "jane" } } },
      SubjectAccessReview: { status: { allowed: true } },
      AdmissionReview: {
        apiVersion: "admission.k8s.io/v1",
        kind,
        response: { uid: (review as { uid?: string } | undefined)?.uid, allowed: true },
      },
    };
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(answers[kind] ?? { path: request.url }));
  };
  const listen = async (server: Server) => {
    listening.push(server);
    server.on("upgrade", (_, socket) => {
      socket.write("HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: SPDY/3.1\r\n\r\n");
      socket.pipe(socket);
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    return (server.address() as AddressInfo).port;
  };

  before(async () => {
    [cluster, controlplane] = [await startConnectProxy(), await startConnectProxy()];
    const by = (name: string, { url }: ConnectProxy) => {
      return { name, connection: { proxyProtocol: "HTTPConnect", transport: { tcp: { url } } } };
    };
    const path = file("egress", {
      apiVersion: "apiserver.k8s.io/v1beta1",
      kind: "EgressSelectorConfiguration",
      egressSelections: [by("cluster", cluster), by("controlplane", controlplane)],
    });
    egress = openEgress(path, realClock, metrics.egress);
    port = await listen(https.createServer(certificate, answer) as unknown as Server);
    plainPort = await listen(createHttpServer(answer));
    api = await startSocketServer({ egress, nodes: { tls: {}, addressTypes: ["InternalIP"] } });
    admin = createClient(api.server.transport({ name: "root", groups: ["system:masters"] }));
    const addresses = [{ type: "InternalIP", address: NODE }];
    const status = { addresses, daemonEndpoints: { kubeletEndpoint: { Port: port } } };
    await admin.create(nodes, { metadata: { name: "n" }, status });
    const namespace = "default";
    await admin.create(serviceaccounts, { metadata: { namespace, name: "default" } });
    const spec = { nodeName: "n", containers: [{ name: "c", image: "i" }] };
    const running = { phase: "Running", podIP: POD, podIPs: [{ ip: POD }] };
    await admin.create(pods, { metadata: { namespace, name: "p" }, spec });
    await admin.patch(
      pods,
      { namespace, name: "p" },
      { type: "merge", body: { status: running } },
      { subresource: "status" },
    );
    await admin.create(services, { metadata: { namespace, name: "web" }, spec: { ports: [{ port: 80 }] } });
    await admin.create(endpointslices, {
      metadata: { namespace, name: "web", labels: { "kubernetes.io/service-name": "web" } },
      addressType: "IPv4",
      endpoints: [{ addresses: [POD], targetRef: { kind: "Pod", namespace, name: "p" } }],
      ports: [{ port: plainPort }],
    });
    for (const name of ["hook", "agg"]) {
      const external = { type: "ExternalName", externalName: `${name}.example` };
      await admin.create(services, { metadata: { namespace, name }, spec: external });
    }
  });
  after(async () => {
    await api.close();
    for (const server of listening) {
      server.closeAllConnections();
      server.close();
    }
    await cluster.close();
    await controlplane.close();
    rmSync(folder, { recursive: true });
  });
  beforeEach(() => {
    cluster.targets.length = 0;
    controlplane.targets.length = 0;
  });

  const request = (path: string, headers: Readonly<Record<string, string>> = {}) =>
    https.request({
      host: "127.0.0.1",
      port: api.port,
      path,
      headers: { authorization: "Bearer root", ...headers },
      rejectUnauthorized: false,
      agent: false,
    });
  const get = async (path: string): Promise<unknown> => {
    const [answered] = (await once(request(path).end(), "response")) as [IncomingMessage];
    return JSON.parse(Buffer.concat(await answered.toArray()).toString());
  };
  const wentTo = (...targets: string[]) => assert.deepEqual([cluster.targets, controlplane.targets], [targets, []]);
  /** However many connections that took. */
  const asked = () => [cluster, controlplane].map(({ targets }) => [...new Set(targets)]);

  it("reach kubelets: for logs, for what is passed on, for streams", async () => {
    assert.deepEqual(await get("/api/v1/namespaces/default/pods/p/log"), { path: "/containerLogs/default/p/c" });
    assert.deepEqual(await get("/api/v1/nodes/n/proxy/stats"), { path: "/stats" });
    const asking = request("/api/v1/namespaces/default/pods/p/exec?command=a", {
      connection: "Upgrade",
      upgrade: "SPDY/3.1",
    });
    const [, socket] = (await once(asking.end(), "upgrade")) as [IncomingMessage, import("node:net").Socket];
    socket.write("hello");
    assert.equal(String(((await once(socket, "data")) as [Buffer])[0]), "hello");
    socket.destroy();
    wentTo(...Array.from({ length: 3 }, () => `${NODE}:${port}`));
  });

  it("reach pods and services, by HTTP and HTTPS", async () => {
    assert.deepEqual(await get(`/api/v1/namespaces/default/pods/p:${plainPort}/proxy/a`), { path: "/a" });
    assert.deepEqual(await get(`/api/v1/namespaces/default/pods/https:p:${port}/proxy/b`), { path: "/b" });
    assert.deepEqual(await get("/api/v1/namespaces/default/services/web/proxy/c"), { path: "/c" });
    wentTo(`${POD}:${plainPort}`, `${POD}:${port}`, `${POD}:${plainPort}`);
  });

  it("reach webhooks: services in the cluster, URLs in the control plane", async () => {
    const caBundle = Buffer.from(certificate.cert).toString("base64");
    const hook = (name: string, clientConfig: object) => ({
      name: `${name}.example.com`,
      clientConfig: { ...clientConfig, caBundle },
      rules: [{ apiGroups: [""], apiVersions: ["v1"], resources: ["configmaps"], operations: ["CREATE"] }],
      sideEffects: "None",
      admissionReviewVersions: ["v1"],
    });
    await admin.create(validatingwebhookconfigurations, {
      metadata: { name: "hooks" },
      webhooks: [
        hook("service", { service: { namespace: "default", name: "hook", port } }),
        hook("url", { url: `https://hook.example:${port}/` }),
      ],
    });
    for (const name of ["a", "b"]) await admin.create(configmaps, { metadata: { namespace: "default", name } });
    // The second calls came by the connections of the first.
    assert.deepEqual([cluster.targets, controlplane.targets], [[`hook.example:${port}`], [`hook.example:${port}`]]);
    await admin.delete(validatingwebhookconfigurations, { name: "hooks" });
  });

  it("reach aggregated servers: to look after them, and for requests", async () => {
    const spec = {
      group: "example.org",
      version: "v1",
      groupPriorityMinimum: 10,
      versionPriority: 10,
      service: { namespace: "default", name: "agg", port },
      caBundle: Buffer.from(certificate.cert).toString("base64"),
    };
    await admin.create(apiservices, { metadata: { name: "v1.example.org" }, spec });
    const isAvailable = async () => {
      const { status } = await admin.get(apiservices, { name: "v1.example.org" });
      return status.conditions?.some(({ type, status: now }) => type === "Available" && now === "True");
    };
    while (!(await isAvailable())) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.ok(cluster.targets.length > 0);
    cluster.targets.length = 0;
    const path = "/apis/example.org/v1/things";
    assert.deepEqual(await get(path), { path });
    assert.ok(cluster.targets.includes(`agg.example:${port}`), cluster.targets.join());
    assert.deepEqual(asked(), [[`agg.example:${port}`], []]);
    await admin.delete(apiservices, { name: "v1.example.org" });
  });

  const kubeconfig = () =>
    file("kubeconfig", {
      apiVersion: "v1",
      kind: "Config",
      "current-context": "c",
      contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
      clusters: [
        {
          name: "c",
          cluster: {
            server: `https://reviews.example:${port}/review`,
            "certificate-authority-data": Buffer.from(certificate.cert).toString("base64"),
          },
        },
      ],
      users: [{ name: "u", user: {} }],
    });
  const parts = () => ({
    clock: realClock,
    random: seededRandom(1),
    log: silentLogger,
    metrics,
    egress,
    featureEnabled: () => true,
  });
  const bearer = (token: string): Credentials => ({
    header: (name) => (name === "authorization" ? `Bearer ${token}` : undefined),
    peer: { address: "", certificate: () => undefined },
    url: "/",
  });

  it("reach the webhooks that know tokens and decide", async () => {
    const flags = {
      "authentication-token-webhook-config-file": kubeconfig(),
      "authentication-token-webhook-version": "v1",
      "authentication-token-webhook-cache-ttl": 0,
      "authorization-mode": ["Webhook"],
      "authorization-webhook-config-file": kubeconfig(),
      "authorization-webhook-version": "v1",
      "authorization-webhook-cache-authorized-ttl": 0,
      "authorization-webhook-cache-unauthorized-ttl": 0,
    } as never;
    const external = await externalAuthentication(flags, parts());
    const user = await external.authenticators([])[0]?.authenticate(bearer("a-token"));
    assert.equal(user?.name, "jane");
    external.close();
    const { choices } = await configuredAuthorization(flags, parts());
    const [webhook] = choices;
    assert.ok(typeof webhook === "object");
    const decision = await webhook.authorize({
      user: { name: "jane", groups: [] },
      verb: "get",
      isResource: false,
      namespace: "",
      group: "",
      version: "",
      resource: "",
      subresource: "",
      name: "",
      path: "/x",
    });
    assert.equal(decision.verdict, "allow");
    assert.deepEqual(asked(), [[], [`reviews.example:${port}`]]);
  });

  it("tell the webhook of audit events", async () => {
    const running = await setUpAudit(
      {
        "audit-policy-file": file("policy", {
          apiVersion: "audit.k8s.io/v1",
          kind: "Policy",
          rules: [{ level: "Metadata" }],
        }),
        "audit-webhook-config-file": kubeconfig(),
        "audit-webhook-mode": "blocking",
        "audit-webhook-version": "audit.k8s.io/v1",
        "audit-webhook-initial-backoff": 1,
      } as never,
      { ...parts(), metrics: metrics.audit },
    );
    const audited = await startSocketServer({ ...(running && { audit: running.audit }) });
    await createClient(audited.server.transport({ name: "root", groups: ["system:masters"] })).list(pods);
    await audited.close();
    running?.close();
    assert.deepEqual(asked(), [[], [`reviews.example:${port}`]]);
  });

  it("fetch the keys of issuers of tokens, by the selector that is named for each, and directly without", async () => {
    const issuer = await startOidcIssuer();
    const at = issuer.url.slice("https://".length);
    const now = Math.floor(Date.now() / 1000);
    const fetched: string[][][] = [];
    for (const type of ["cluster", "controlplane", ""]) {
      const url = issuer.url;
      const config = file(`authentication-${type}`, {
        apiVersion: "apiserver.config.k8s.io/v1",
        kind: "AuthenticationConfiguration",
        jwt: [
          {
            issuer: { url, certificateAuthority: issuer.ca, audiences: ["x"], egressSelectorType: type },
            claimMappings: { username: { claim: "sub", prefix: "" } },
          },
        ],
      });
      const external = await externalAuthentication({ "authentication-config": config } as never, parts());
      const token = issuer.token({ sub: "jane", aud: "x", exp: now + 600 });
      assert.equal((await external.authenticators([])[0]?.authenticate(bearer(token)))?.name, "jane");
      fetched.push(asked());
      cluster.targets.length = 0;
      controlplane.targets.length = 0;
      external.close();
    }
    await issuer.close();
    assert.deepEqual(fetched, [
      [[at], []],
      [[], [at]],
      [[], []],
    ]);
  });
});
