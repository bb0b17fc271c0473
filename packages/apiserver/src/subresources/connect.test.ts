import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { clusterrolebindings, clusterroles, nodes, pods, serviceaccounts } from "@kubets/api/generated/refs";
import { createClient } from "@kubets/client/typed-client";
import { ownServingCertificate } from "../serving-certificate.ts";
import { startTestServer } from "../testing/server.ts";
import { startSocketServer } from "../testing/socket-server.ts";

test("who may only read runs no commands, though a WebSocket begins with a GET", async () => {
  const cluster = await startTestServer({ modes: ["RBAC"] });
  const metadata = { namespace: "default", name: "p" };
  await cluster.admin.create(pods, { metadata, spec: { containers: [{ name: "c", image: "i" }] } });
  const grant = async (name: string, verbs: readonly string[]) => {
    const rules = [{ apiGroups: [""], resources: ["pods/exec", "pods/attach", "pods/portforward", "pods/log"], verbs }];
    await cluster.admin.create(clusterroles, { metadata: { name }, rules });
    await cluster.admin.create(clusterrolebindings, {
      metadata: { name },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name }],
    });
  };
  await grant("reader", ["get"]);
  await grant("operator", ["get", "create"]);
  const ask = async (name: string, subresource: string) => {
    const transport = cluster.server.transport({ name, groups: ["system:authenticated"] });
    const path = `/api/v1/namespaces/default/pods/p/${subresource}`;
    const answer = await transport.request({ method: "GET", path, headers: {} });
    return `${answer.status} ${(JSON.parse(Buffer.from(await answer.bytes()).toString()) as { message: string }).message}`;
  };
  for (const subresource of ["exec", "attach", "portforward"]) {
    assert.equal(
      await ask("reader", subresource),
      `403 pods "p" is forbidden: User "reader" cannot create resource "pods/${subresource}" in API group "" in the namespace "default"`,
    );
    assert.equal(await ask("operator", subresource), "400 pod p does not have a host assigned");
  }
  assert.equal(await ask("reader", "log"), "400 pod p does not have a host assigned");
  await cluster.close();
});

test("logs of one stream are asked for only where that feature is on, and then not from their end", async (t) => {
  const asked: string[] = [];
  const tls = ownServingCertificate(undefined, { dnsNames: ["localhost"], ipAddresses: [] }, Date.now());
  const kubelet = https.createServer(tls, (request, response) => {
    asked.push(request.url ?? "");
    response.end("a line\n");
  });
  await once(kubelet.listen(0, "127.0.0.1"), "listening");
  t.after(() => kubelet.close());
  const { port: Port } = kubelet.address() as AddressInfo;
  const read = async (gates: readonly string[], query: string) => {
    const server = await startSocketServer({ gates, nodes: { tls: {}, addressTypes: ["InternalIP"] } });
    const admin = createClient(server.server.transport({ name: "root", groups: ["system:masters"] }));
    const addresses = [{ type: "InternalIP", address: "127.0.0.1" }];
    const status = { addresses, daemonEndpoints: { kubeletEndpoint: { Port } } };
    await admin.create(nodes, { metadata: { name: "n" }, status });
    const spec = { nodeName: "n", containers: [{ name: "c", image: "i" }] };
    await admin.create(serviceaccounts, { metadata: { namespace: "default", name: "default" } });
    await admin.create(pods, { metadata: { namespace: "default", name: "p" }, spec });
    const request = https.get({
      host: "127.0.0.1",
      port: server.port,
      path: `/api/v1/namespaces/default/pods/p/log?${query}`,
      headers: { authorization: "Bearer root" },
      rejectUnauthorized: false,
    });
    const [answer] = (await once(request, "response")) as [IncomingMessage];
    const text = Buffer.concat(await answer.toArray()).toString();
    await server.close();
    return answer.statusCode === 200 ? asked.at(-1) : (JSON.parse(text) as { message: string }).message;
  };
  const gate = ["PodLogsQuerySplitStreams"];
  assert.equal(await read([], "stream=Stderr"), "/containerLogs/default/p/c");
  assert.equal(await read(gate, "stream=Stderr"), "/containerLogs/default/p/c?stream=Stderr");
  assert.match((await read(gate, "stream=Stderr&tailLines=1")) ?? "", /mutually exclusive for now/);
  assert.match((await read(gate, "stream=Both")) ?? "", /stream: Unsupported value: "Both"/);
});
