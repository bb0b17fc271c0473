import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttps } from "node:https";
import { createServer, type Server } from "node:net";
import { test } from "node:test";
import type { Probe } from "@kubets/api/generated/types/core-v1";
import { GrpcError, grpcServer, serve } from "@kubets/wire/grpc";
import { defineMessages, type MessageType, method } from "@kubets/wire/proto";
import { testPki } from "@kubets/wire/testing/certificates";
import { directDialer } from "../dialer.ts";
import { attemptProbe, type ProbeTarget, type ProbeTools } from "./attempt.ts";

const answers: Record<string, string> = {
  "/ok": "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine",
  "/bare": "HTTP/1.1 200 OK\nContent-Type: text/plain\n\nfine",
  "/bad": "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n",
  "/moved": "HTTP/1.1 302 Found\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n",
  "/away": "HTTP/1.1 302 Found\r\nLocation: http://192.0.2.1/ok\r\nContent-Length: 4\r\n\r\ngone",
  "/round": "HTTP/1.1 302 Found\r\nLocation: /round\r\nContent-Length: 0\r\n\r\n",
};

const tools = { dialer: directDialer, kubeletVersion: "1.36" } as ProbeTools;
const attempt = (probe: Probe) =>
  attemptProbe({ probe, container: { name: "main" }, podIP: "127.0.0.1" } as ProbeTarget, tools);
const portOf = async (server: Server) => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as { port: number }).port;
};

test("probes by HTTP", async (t) => {
  const server = createServer((socket) => {
    socket.once("data", (data) => socket.end(answers[/GET (\S+)/.exec(data.toString())?.[1] ?? ""] ?? ""));
    socket.on("error", () => {});
  });
  t.after(() => server.close());
  const port = await portOf(server);
  const get = (path: string) => attempt({ httpGet: { path, port } });

  assert.deepEqual(await get("/ok"), { result: "success", output: "fine" });
  assert.deepEqual(await get("/bare"), { result: "success", output: "fine" });
  assert.deepEqual(await get("/bad"), { result: "failure", output: "HTTP probe failed with statuscode: 500" });
  assert.deepEqual(await get("/moved"), { result: "success", output: "fine" });
  assert.deepEqual(await get("/away"), {
    result: "warning",
    output: "Probe terminated redirects, Response body: gone",
  });
  assert.deepEqual(await get("/round"), {
    result: "failure",
    output: `Get "http://127.0.0.1:${port}/round": stopped after 10 redirects`,
  });
  server.close();
  await once(server, "close");
  assert.match((await get("/ok")).output, /dial tcp 127\.0\.0\.1:\d+: connect: connection refused/);
});

test("headers and scheme of a probe are its own to say", async (t) => {
  const seen: Record<string, unknown>[] = [];
  const server = createHttps(testPki().server, (request, response) => {
    seen.push(request.headers);
    response.end("fine");
  });
  t.after(() => server.close());
  const port = await portOf(server);
  const httpHeaders = [
    { name: "Host", value: "other.example" },
    { name: "X-Word", value: "one" },
    { name: "X-Word", value: "two" },
    { name: "Accept", value: "text/plain" },
  ];
  assert.equal((await attempt({ httpGet: { port, scheme: "HTTPS", httpHeaders } })).result, "success");
  assert.equal((await attempt({ httpGet: { port, scheme: "HTTPS" } })).result, "success");
  const { host, accept, "x-word": words, "user-agent": agent } = seen[0] ?? {};
  assert.deepEqual(
    { host, accept, words, agent },
    { host: "other.example", accept: "text/plain", words: "one, two", agent: "kube-probe/1.36" },
  );
  assert.equal(seen[1]?.accept, "*/*");
  assert.equal((await attempt({ httpGet: { port } })).result, "failure");
});

test("probes by TCP", async () => {
  const server = createServer();
  const port = await portOf(server);
  assert.deepEqual(await attempt({ tcpSocket: { port } }), { result: "success", output: "" });
  server.close();
  await once(server, "close");
  const { result, output } = await attempt({ tcpSocket: { port } });
  assert.deepEqual([result, output], ["failure", `dial tcp 127.0.0.1:${port}: connect: connection refused`]);
});

test("probes by gRPC", async (t) => {
  const type = defineMessages({ Request: "service=1:string", Response: "status=1:int32" });
  const check = method(
    "unary",
    "/grpc.health.v1.Health/Check",
    type("Request") as MessageType<{ service: string }>,
    type("Response") as MessageType<{ status: number }>,
  );
  const long = "s".repeat(300);
  const healths: Readonly<Record<string, number>> = { "": 1, ill: 2, [long]: 1 };
  const health = serve(
    { check },
    {
      async check({ service }) {
        if (service === "slow") await new Promise(() => {});
        if (service === "none") throw new GrpcError("UNIMPLEMENTED", "no such thing");
        const status = healths[service];
        if (status === undefined) throw new GrpcError("NOT_FOUND", "unknown service");
        return { status };
      },
    },
  );
  const server = await grpcServer({ listen: "127.0.0.1:0", services: [health] });
  t.after(() => server.close(0));
  const ask = async (service = "") => {
    const { result, output } = await attempt({ grpc: { port: server.port, service } });
    return `${result}: ${output}`;
  };
  assert.equal(await ask(), "success: service healthy");
  assert.equal(await ask(long), "success: service healthy");
  assert.equal(await ask("ill"), 'failure: service unhealthy (responded with "NOT_SERVING")');
  assert.equal(
    await ask("gone"),
    "failure: error: health rpc probe failed: rpc error: code = NotFound desc = unknown service",
  );
  assert.equal(
    await ask("none"),
    "failure: error: this server does not implement the grpc health protocol (grpc.health.v1.Health): no such thing",
  );
  assert.equal(await ask("slow"), "failure: timeout: health rpc did not complete within 1s");
});
