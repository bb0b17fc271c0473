/** An aggregated API server of the test's own: flunders of wardle.example, with lists, watches, an echo over an upgraded connection, discovery and OpenAPI. */
import type { IncomingMessage } from "node:http";
import type { TLSSocket } from "node:tls";
import { type HttpsServer, startHttps } from "./https-server.ts";

export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  /** The common name of the client's certificate, if its authority is the front proxy's. */
  readonly proxy: string | undefined;
}

export interface AggregatedServer {
  readonly https: HttpsServer;
  readonly seen: Seen[];
  isBroken: boolean;
}

const RESOURCES = [
  {
    name: "flunders",
    singularName: "flunder",
    namespaced: true,
    kind: "Flunder",
    verbs: ["create", "get", "list", "watch"],
    shortNames: ["fl"],
  },
  { name: "flunders/status", singularName: "", namespaced: true, kind: "Flunder", verbs: ["get"] },
];
const FLUNDER = {
  apiVersion: "wardle.example/v1",
  kind: "Flunder",
  metadata: {
    name: "one",
    namespace: "default",
    uid: "u",
    resourceVersion: "1",
    creationTimestamp: "2026-01-01T00:00:00Z",
  },
};

const schemaOf = (name: string) => ({ $ref: `#/definitions/${name}` });
/** With a definition of a name that is another's already, and paths that are none of its group. */
const OPEN_API_V2 = {
  swagger: "2.0",
  info: { title: "wardle", version: "1" },
  paths: {
    "/apis/": { get: { responses: { 200: { description: "OK" } } } },
    "/apis/wardle.example/v1/namespaces/{namespace}/flunders": {
      get: {
        operationId: "listFlunders",
        responses: { 200: { description: "OK", schema: schemaOf("example.wardle.v1.FlunderList") } },
      },
    },
  },
  definitions: {
    "example.wardle.v1.FlunderList": {
      type: "object",
      properties: { items: { type: "array", items: schemaOf("example.wardle.v1.Flunder") } },
    },
    "example.wardle.v1.Flunder": {
      type: "object",
      properties: {
        metadata: schemaOf("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"),
        status: schemaOf("io.k8s.api.core.v1.PodStatus"),
      },
    },
    "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta": { type: "object" },
    "io.k8s.api.core.v1.PodStatus": { type: "string" },
    unused: { type: "string" },
  },
};

export async function startAggregated(clientCa: string): Promise<AggregatedServer> {
  const seen: Seen[] = [];
  const note = (request: IncomingMessage) => {
    const socket = request.socket as TLSSocket;
    const name = socket.authorized ? socket.getPeerCertificate().subject.CN : undefined;
    seen.push({
      method: request.method ?? "",
      url: request.url ?? "",
      headers: request.headers,
      proxy: name?.toString(),
    });
  };
  const server: { -readonly [K in keyof AggregatedServer]: AggregatedServer[K] } = {
    https: undefined as unknown as HttpsServer,
    seen,
    isBroken: false,
  };
  server.https = await startHttps(
    (request, response, body) => {
      note(request);
      const path = (request.url ?? "").split("?")[0] ?? "";
      const json = (value: unknown, status = 200) =>
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
      if (server.isBroken) return void json({}, 500);
      if (path === "/apis/wardle.example/v1")
        return void json({ kind: "APIResourceList", groupVersion: "wardle.example/v1", resources: RESOURCES });
      if (path === "/openapi/v3")
        return void json({
          paths: { "apis/wardle.example/v1": { serverRelativeURL: "/openapi/v3/apis/wardle.example/v1?hash=A" } },
        });
      if (path === "/openapi/v3/apis/wardle.example/v1")
        return void json({ openapi: "3.0.0", info: { title: "wardle" }, paths: {} });
      if (path === "/openapi/v2") return void json(OPEN_API_V2);
      if (path.endsWith("/reviews")) {
        const { apiVersion, kind, request: asked } = JSON.parse(body);
        const status = { message: `so says who was asked by ${request.headers["x-remote-user"]}` };
        return void json({ apiVersion, kind, response: { uid: asked.uid, allowed: false, status } }, 201);
      }
      if (path.endsWith("/flunders/one")) return void json(FLUNDER);
      if (path.endsWith("/flunders") && request.method === "POST") return void json(JSON.parse(body), 201);
      if (request.url?.includes("watch=")) {
        response.writeHead(200, { "content-type": "application/json" });
        for (const type of ["ADDED", "MODIFIED"]) response.write(`${JSON.stringify({ type, object: FLUNDER })}\n`);
        return undefined;
      }
      if (path.endsWith("/flunders"))
        return void json({
          kind: "FlunderList",
          apiVersion: "wardle.example/v1",
          metadata: { resourceVersion: "1" },
          items: [FLUNDER],
        });
      return void json({ kind: "Status", status: "Failure", message: "not here", reason: "NotFound", code: 404 }, 404);
    },
    { dnsNames: ["api.default.svc"], clientCa },
  );
  server.https.onUpgrade((request, socket) => {
    note(request);
    socket.write("HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: echo\r\n\r\n");
    socket.pipe(socket);
  });
  return server;
}
