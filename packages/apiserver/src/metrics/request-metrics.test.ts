import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request, type Server } from "node:https";
import { connect } from "node:net";
import { test } from "node:test";
import { apiservices, nodes, pods, serviceaccounts } from "@kubets/api/generated/refs";
import { createClient } from "@kubets/client/typed-client";
import { HttpTransport } from "@kubets/wire/transport";
import { ownServingCertificate } from "../serving-certificate.ts";
import { startTestServer } from "../testing/server.ts";
import { startSocketServer } from "../testing/socket-server.ts";
import { linesOf, told } from "../testing/told.ts";

const certificate = () => ownServingCertificate(undefined, { dnsNames: [], ipAddresses: ["127.0.0.1"] }, Date.now());

/** A server, and one that answers for a kubelet: half of what is asked of /half, then nothing more. */
async function withKubelet(t: { after(run: () => Promise<void>): void }, ca?: string) {
  const kubelet: Server = createServer(certificate(), (request, response) => {
    if (!request.url?.startsWith("/half")) return response.end("a line\n");
    response.setHeader("content-length", "100");
    response.write("half", () => request.socket.destroy());
  }).listen(0, "127.0.0.1");
  await once(kubelet, "listening");
  const nodesOptions = { tls: { ...(ca && { ca }) }, addressTypes: ["InternalIP"] };
  const { port, server, close } = await startSocketServer({ nodes: nodesOptions });
  const transport = new HttpTransport({
    server: `https://127.0.0.1:${port}`,
    tls: { insecureSkipVerify: true },
    token: "root",
  });
  t.after(async () => {
    await transport.close();
    await close();
    kubelet.close();
  });
  const client = createClient(transport);
  const { port: Port } = kubelet.address() as { port: number };
  await client.create(nodes, { metadata: { name: "n" } });
  const status = {
    addresses: [{ type: "InternalIP", address: "127.0.0.1" }],
    daemonEndpoints: { kubeletEndpoint: { Port } },
  };
  await client.patch(nodes, { name: "n" }, { type: "merge", body: { status } }, { subresource: "status" });
  return { port, client, now: (series: string) => told(server.context.metrics.registry, series) };
}

const ofPath = 'group="",resource="nodes",scope="resource",subresource="proxy",verb="CONNECT",version="v1"';

test("an answer that breaks off is counted", async (t) => {
  const { client, now } = await withKubelet(t);
  await assert.rejects(client.raw("GET", "/api/v1/nodes/n/proxy/half"));
  const series = `apiserver_request_aborts_total{${ofPath}}`;
  while (now(series) === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(now(series), 1);
});

test("connections that do not speak TLS are counted", async (t) => {
  const { port, now } = await withKubelet(t);
  assert.equal(now("apiserver_tls_handshake_errors_total"), 0);
  const socket = connect(port, "127.0.0.1", () => socket.end("GET / HTTP/1.0\r\n\r\n"));
  socket.on("error", () => {}).resume();
  await new Promise((resolve) => socket.once("close", resolve));
  assert.equal(now("apiserver_tls_handshake_errors_total"), 1);
});

test("who asks for a server that is away is turned away, which is told by its names as long as they are not made up", async (t) => {
  const { admin, server, close } = await startTestServer();
  t.after(close);
  await admin.create(apiservices, {
    metadata: { name: "v1.away.example.com" },
    spec: {
      group: "away.example.com",
      version: "v1",
      service: { namespace: "default", name: "nobody" },
      groupPriorityMinimum: 100,
      versionPriority: 1,
    },
  });
  const { registry } = server.context.metrics;
  const of = (group: string, resource: string, scope: string, verb: string, version: string) =>
    `group="${group}",resource="${resource}",scope="${scope}",subresource="",verb="${verb}",version="${version}"`;
  const turnedAway = (labels: string) =>
    told(registry, `apiserver_request_terminations_total{code="503",component="aggregator",${labels}}`);
  const ofThings = of("away.example.com", "things", "cluster", "LIST", "v1");
  const ask = async (resource: string) => (await admin.raw("GET", `/apis/away.example.com/v1/${resource}`)).status;
  while ((await ask("things")) === 404) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(turnedAway(ofThings), 1);
  for (let i = 0; i < 1000; i++) await ask(`made-up-${i}`);
  assert.equal(await ask("things"), 503);
  assert.equal(turnedAway(ofThings), 2);
  assert.equal(turnedAway(of("", "", "", "GET", "")), 1);
  // Who answers them counts them.
  const counted = linesOf(registry, "apiserver_request_total{").filter((line) => line.includes("away.example.com"));
  assert.deepEqual(counted, []);
  assert.equal(told(registry, 'apiserver_current_inflight_requests{request_kind="readOnly"}'), 0);
});

test("streams over WebSockets are counted", async (t) => {
  const { port, client, now } = await withKubelet(t);
  const key = { namespace: "default", name: "p" };
  await client.create(serviceaccounts, { metadata: { namespace: "default", name: "default" } });
  await client.create(pods, { metadata: key, spec: { nodeName: "n", containers: [{ name: "c", image: "i" }] } });
  const path = "/api/v1/namespaces/default/pods/p/exec?command=ls";
  const headers = { authorization: "Bearer root", connection: "Upgrade", upgrade: "websocket" };
  const asking = request({ host: "127.0.0.1", port, path, headers, rejectUnauthorized: false }).end();
  const [answer] = (await once(asking, "response")) as [{ resume(): void }];
  answer.resume();
  const labels = 'proxy_type="proxied_to_kubelet",subresource="exec"';
  assert.equal(now(`apiserver_websocket_streaming_requests_total{${labels}}`), 1);
});

test("requests for logs say whether the kubelet was to be checked, and whether that failed", async (t) => {
  const { client, now } = await withKubelet(t, certificate().cert);
  const key = { namespace: "default", name: "p" };
  const spec = { nodeName: "n", containers: [{ name: "c", image: "i" }] };
  await client.create(serviceaccounts, { metadata: { namespace: "default", name: "default" } });
  await client.create(pods, { metadata: key, spec });
  const log = async (query: string) =>
    (await client.raw("GET", `/api/v1/namespaces/default/pods/p/log${query}`)).status;
  assert.equal(await log("?insecureSkipTLSVerifyBackend=true"), 200);
  assert.equal(now("kube_apiserver_pod_logs_backend_tls_failure_total"), 0);
  assert.equal(await log(""), 502);
  assert.equal(now("kube_apiserver_pod_logs_backend_tls_failure_total"), 1);
  const asked = (usage: string) => now(`kube_apiserver_pod_logs_insecure_backend_total{usage="${usage}"}`);
  assert.deepEqual([asked("enforce_tls"), asked("skip_tls_allowed")], [1, 1]);
});
