import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
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

test("probes by HTTP", async (t) => {
  const server = createServer((socket) => {
    socket.once("data", (data) => socket.end(answers[/GET (\S+)/.exec(data.toString())?.[1] ?? ""] ?? ""));
    socket.on("error", () => {});
  }).listen(0, "127.0.0.1");
  t.after(() => server.close());
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const tools = { dialer: directDialer, kubeletVersion: "1.36" } as ProbeTools;
  const attempt = (path: string, to = port) =>
    attemptProbe(
      { probe: { httpGet: { path, port: to } }, container: { name: "main" }, podIP: "127.0.0.1" } as ProbeTarget,
      tools,
    );

  assert.deepEqual(await attempt("/ok"), { result: "success", output: "fine" });
  assert.deepEqual(await attempt("/bare"), { result: "success", output: "fine" });
  assert.deepEqual(await attempt("/bad"), { result: "failure", output: "HTTP probe failed with statuscode: 500" });
  assert.deepEqual(await attempt("/moved"), { result: "success", output: "fine" });
  assert.deepEqual(await attempt("/away"), {
    result: "warning",
    output: "Probe terminated redirects, Response body: gone",
  });
  assert.deepEqual(await attempt("/round"), {
    result: "failure",
    output: `Get "http://127.0.0.1:${port}/round": stopped after 10 redirects`,
  });
  server.close();
  await once(server, "close");
  assert.match((await attempt("/ok")).output, /dial tcp 127\.0\.0\.1:\d+: connect: connection refused/);
});
