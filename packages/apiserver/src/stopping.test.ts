/** A server that is told to stop: what it works on it finishes, watches end with their last event, and readiness goes first. */
import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import https from "node:https";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { startSocketServer } from "./testing/socket-server.ts";

const LONG_MS = 60_000;
const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";

test("a server that stops is not ready, and goes on serving for its delay", async () => {
  const server = await startSocketServer();
  const agent = new https.Agent({ rejectUnauthorized: false });
  const get = async (path: string) => {
    const request = https.get({ port: server.port, path, agent, headers: { authorization: "Bearer root" } });
    const [answer] = (await once(request, "response")) as [IncomingMessage];
    return { status: answer.statusCode, text: String(Buffer.concat(await answer.toArray())) };
  };
  assert.equal((await get("/readyz")).status, 200);
  const delay = Promise.withResolvers<void>();
  const stopped = server.stop({ until: delay.promise, graceMs: LONG_MS });
  const { status, text } = await get("/readyz");
  assert.equal(status, 500);
  assert.match(text, /^\[-\]shutdown failed: reason withheld$/m);
  assert.equal((await get("/livez")).status, 200);
  assert.equal((await get(CONFIG_MAPS)).status, 200);
  delay.resolve();
  await stopped;
  await assert.rejects(get("/readyz"), { code: "ECONNREFUSED" });
  await server.close();
});

test("what is asked is answered, and watches end well, before the port is closed", async () => {
  const server = await startSocketServer();
  const agent = new https.Agent({ keepAlive: true, rejectUnauthorized: false });
  const ask = (method: string, path: string, headers: object = {}) =>
    https.request({
      port: server.port,
      method,
      path,
      agent,
      headers: { authorization: "Bearer root", "content-type": "application/json", ...headers },
    });
  const watch = ask("GET", `${CONFIG_MAPS}?watch=1&resourceVersion=0`).end();
  const [events] = (await once(watch, "response")) as [IncomingMessage];
  const body = Buffer.from(JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "late" } }));
  const create = ask("POST", CONFIG_MAPS, { "content-length": body.length, expect: "100-continue" });
  create.flushHeaders();
  // From then on the server waits for the body.
  await once(create, "continue");
  let isStopped = false;
  const stopped = server.stop({ graceMs: LONG_MS }).then(() => {
    isStopped = true;
  });
  await events.toArray();
  assert.ok(events.complete, "the stream has its end");
  await setImmediate();
  assert.ok(!isStopped, "somebody is still being served");
  create.end(body);
  const [created] = (await once(create, "response")) as [IncomingMessage];
  assert.deepEqual([created.statusCode, created.headers.connection], [201, "close"]);
  await created.toArray();
  await stopped;
  await server.close();
  agent.destroy();
});
