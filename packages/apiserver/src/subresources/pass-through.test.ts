import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import type { Exchange } from "@kubets/wire/http";
import { askPlainly } from "./pass-through.ts";

test("an answer may end its lines by a line feed alone", async (t) => {
  const server = createServer((socket) => {
    socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\nContent-Type: text/plain\n\nheard"));
  }).listen(0, "127.0.0.1");
  t.after(() => server.close());
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const exchange = { method: "GET", rawHeaders: [], onClose: () => {} } as unknown as Exchange;
  const answer = await askPlainly(exchange, { host: "127.0.0.1", port, path: "/" });
  const text = Buffer.concat(await Array.fromAsync(answer as AsyncIterable<Buffer>)).toString();
  assert.deepEqual([answer.headers["content-type"], text], ["text/plain", "heard"]);
});
