import assert from "node:assert/strict";
import { test } from "node:test";
import { createLogger } from "@kubets/machinery";
import { HttpTransport } from "@kubets/wire/transport";
import { startSocketServer } from "./testing/socket-server.ts";

test("each request is logged with the id by which its client knows it", async () => {
  const lines: string[] = [];
  const log = createLogger({ format: "json", write: (line) => void lines.push(line) });
  const { port, close } = await startSocketServer({ log, logRequests: true });
  const transport = new HttpTransport({ server: `https://127.0.0.1:${port}`, tls: { insecureSkipVerify: true } });
  try {
    const headers = { authorization: "Bearer root", "audit-id": "of-the-client", "user-agent": "me/1" };
    const path = "/api/v1/namespaces/default/configmaps/none";
    const answer = await transport.request({ method: "GET", path, headers });
    assert.equal(answer.headers["audit-id"], "of-the-client");
    const told = lines.map((line) => JSON.parse(line) as Record<string, unknown>).find((line) => line["URI"] === path);
    const { verb, URI, userAgent, resp, "audit-ID": id } = told ?? {};
    assert.deepEqual([verb, URI, userAgent, resp, id], ["get", path, "me/1", 404, "of-the-client"]);
  } finally {
    await transport.close();
    await close();
  }
});

test("bodies, events and what is deprecated are counted", async () => {
  const { port, close } = await startSocketServer();
  const transport = new HttpTransport({ server: `https://127.0.0.1:${port}`, tls: { insecureSkipVerify: true } });
  const ask = (method: string, path: string, body?: object) =>
    transport.request({
      method,
      path,
      headers: { authorization: "Bearer root", "content-type": "application/json" },
      ...(body && { body: Buffer.from(JSON.stringify(body)) }),
    });
  try {
    const path = "/api/v1/namespaces/default/configmaps";
    assert.equal((await ask("POST", path, { metadata: { name: "a" } })).status, 201);
    const watched = await ask("GET", `${path}?watch=1&timeoutSeconds=1`);
    await watched.bytes();
    await (await ask("GET", "/api/v1/endpoints")).bytes();
    const text = Buffer.from(await (await ask("GET", "/metrics")).bytes()).toString();
    for (const line of [
      'apiserver_request_body_size_bytes_count{group="",resource="configmaps",verb="create"} 1',
      'apiserver_watch_events_sizes_count{group="",resource="configmaps",version="v1"} 1',
      'apiserver_init_events_total{group="",resource="configmaps"} 1',
      'apiserver_requested_deprecated_apis{group="",removed_release="",resource="endpoints",subresource="",version="v1"} 1',
    ])
      assert.ok(text.includes(`${line}\n`), line);
  } finally {
    await transport.close();
    await close();
  }
});
