import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, request } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { test } from "node:test";
import { nodes, pods, serviceaccounts } from "@kubets/api/generated/refs";
import { createClient } from "@kubets/client/typed-client";
import { realClock } from "@kubets/machinery";
import { ownServingCertificate } from "../serving-certificate.ts";
import { startSocketServer } from "../testing/socket-server.ts";
import { told } from "../testing/told.ts";
import { Audit } from "./audit.ts";
import type { AuditEvent } from "./event.ts";
import { compilePolicy } from "./policy.ts";

const EXEC = "/api/v1/namespaces/default/pods/p/exec?command=sh";

const UPGRADE = {
  connection: "Upgrade",
  upgrade: "websocket",
  origin: "https://dashboard.example",
  "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
  "sec-websocket-version": "13",
};

/** A server that is told of by who runs programs in pods, and a kubelet that takes `sh` and refuses all else. */
async function telling(t: { after(run: () => Promise<void>): void }) {
  const kubelet = createServer(
    ownServingCertificate(undefined, { dnsNames: [], ipAddresses: ["127.0.0.1"] }, Date.now()),
  );
  kubelet.on("upgrade", ({ url }, socket: Duplex) => {
    const isTaken = url?.includes("command=sh");
    socket.on("error", () => {}).on("end", () => socket.end());
    if (isTaken) socket.write("HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n");
    else socket.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
  });
  // It goes in the middle of whatever else it is asked for.
  kubelet.on("request", (request: IncomingMessage, response: ServerResponse) => {
    response.setHeader("content-length", "100");
    response.write("half", () => {
      if (!request.url?.startsWith("/endless")) request.socket.destroy();
    });
  });
  await once(kubelet.listen(0, "127.0.0.1"), "listening");
  const events: AuditEvent[] = [];
  let came = Promise.withResolvers<void>();
  const sink = {
    tell(event: AuditEvent) {
      events.push(event);
      came.resolve();
      came = Promise.withResolvers();
    },
  };
  const everything = { users: [], userGroups: [], verbs: [], namespaces: [], nonResourceURLs: [], omitStages: [] };
  const resources = [{ group: "", resources: ["pods/exec", "pods/log", "nodes/proxy"], resourceNames: [] }];
  const rule = { ...everything, level: "Metadata" as const, resources, omitManagedFields: undefined };
  const watches = {
    ...rule,
    verbs: ["watch"],
    resources: [{ group: "", resources: ["configmaps"], resourceNames: [] }],
  };
  const rules = [rule, watches];
  const policy = compilePolicy({ metadata: undefined, rules, omitStages: [], omitManagedFields: false });
  const { port, server, close } = await startSocketServer({
    audit: new Audit(policy, sink, realClock),
    nodes: { tls: {}, addressTypes: ["InternalIP"] },
  });
  t.after(async () => {
    await close();
    kubelet.closeAllConnections();
    kubelet.close();
  });
  const client = createClient(server.transport({ name: "admin", groups: ["system:masters"] }));
  const daemonEndpoints = { kubeletEndpoint: { Port: (kubelet.address() as AddressInfo).port } };
  const status = { addresses: [{ type: "InternalIP", address: "127.0.0.1" }], daemonEndpoints };
  await client.create(nodes, { metadata: { name: "n" } });
  await client.patch(nodes, { name: "n" }, { type: "merge", body: { status } }, { subresource: "status" });
  await client.create(serviceaccounts, { metadata: { namespace: "default", name: "default" } });
  await client.create(pods, {
    metadata: { namespace: "default", name: "p" },
    spec: { nodeName: "n", containers: [{ name: "c", image: "i" }] },
  });
  return {
    registry: server.context.metrics.registry,
    ask(path: string, more: object = UPGRADE) {
      const headers = { authorization: "Bearer root", ...more };
      return request({ host: "127.0.0.1", port, path, headers, rejectUnauthorized: false }).end();
    },
    async events(count: number) {
      while (events.length < count) await came.promise;
      return events.splice(0).map(({ stage, responseStatus }) => {
        const { code, message } = (responseStatus ?? {}) as { code?: number; message?: string };
        return [stage, code, message].filter(Boolean).join(" ");
      });
    },
  };
}

test("a connection that is given away is told of when it is, and when it ends", async (t) => {
  const { ask, events, registry } = await telling(t);
  const [, socket] = (await once(ask(EXEC), "upgrade")) as [unknown, Duplex];
  assert.deepEqual(await events(2), ["RequestReceived", "ResponseStarted 101"]);
  const counted = () =>
    told(
      registry,
      'apiserver_request_total{code="101",component="apiserver",dry_run="",group="",resource="pods",scope="resource",subresource="exec",verb="CONNECT",version="v1"}',
    );
  assert.equal(counted(), undefined);
  socket.destroy();
  assert.deepEqual(await events(1), ["ResponseComplete 101"]);
  assert.equal(counted(), 1);
});

test("a watch over WebSocket is told of, and counted, as a watch", async (t) => {
  const { ask, events, registry } = await telling(t);
  const [, socket] = (await once(ask("/api/v1/configmaps?watch=1"), "upgrade")) as [unknown, Duplex];
  assert.deepEqual(await events(2), ["RequestReceived", "ResponseStarted 101"]);
  const labels = 'group="",resource="configmaps",scope="cluster",subresource="",verb="WATCH",version="v1"';
  const open = () => told(registry, `apiserver_longrunning_requests{component="apiserver",${labels}}`);
  assert.equal(open(), 1);
  socket.destroy();
  assert.deepEqual(await events(1), ["ResponseComplete 101"]);
  assert.equal(open(), 0);
  assert.equal(told(registry, `apiserver_request_total{code="101",component="apiserver",dry_run="",${labels}}`), 1);
});

test("one that the other side refuses is answered as any other", async (t) => {
  const { ask, events } = await telling(t);
  const [answer] = (await once(ask(EXEC.replace("sh", "ls")), "response")) as [
    { statusCode: number; headers: Record<string, string>; resume(): void },
  ];
  answer.resume();
  assert.equal(answer.statusCode, 403);
  assert.match(answer.headers["audit-id"] ?? "", /^[0-9a-f-]{36}$/);
  assert.deepEqual(await events(2), ["RequestReceived", "ResponseComplete 403"]);
});

test("one that breaks off on the way is told of as the original does: by its panic, but for logs", async (t) => {
  const { ask, events } = await telling(t);
  for (const [path, last] of [
    ["/api/v1/nodes/n/proxy/half", "Panic 500 APIServer panic'd: net/http: abort Handler"],
    ["/api/v1/namespaces/default/pods/p/log", "ResponseComplete 200"],
  ] as const) {
    const [answer] = (await once(ask(path, {}), "response")) as [IncomingMessage];
    await assert.rejects(answer.toArray());
    assert.deepEqual(await events(3), ["RequestReceived", "ResponseStarted 200", last]);
  }
});

test("one whose client is gone before it is whole breaks off, too", async (t) => {
  const { ask, events } = await telling(t);
  const asking = ask("/api/v1/nodes/n/proxy/endless", {}).on("error", () => {});
  await once(asking, "response");
  asking.destroy();
  assert.deepEqual(await events(3), [
    "RequestReceived",
    "ResponseStarted 200",
    "Panic 500 APIServer panic'd: net/http: abort Handler",
  ]);
});
