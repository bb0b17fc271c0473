/** The suites over real sockets: the memory API behind node:http, reached by fetch. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { clientSuite, type SuiteTarget } from "./client.suite.ts";
import { informerSuite } from "./informer.suite.ts";
import { MemoryApi } from "./testing/memory-api.ts";
import type { Transport } from "./transport.ts";

async function open(): Promise<SuiteTarget> {
  const api = new MemoryApi();
  const server = createServer((request, response) => void answer(api, request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    api.close();
    server.close();
    server.closeAllConnections();
    await once(server, "close");
  };
  return { transport: fetching(`http://127.0.0.1:${port}`), close };
}

async function answer(api: MemoryApi, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  response.on("close", () => gone.abort());
  const { method = "", url: path = "" } = request;
  const body = await buffer(request);
  const answered = await api.request({ method, path, signal: gone.signal, ...(body.length > 0 && { body }) });
  response.writeHead(answered.status, { "content-type": "application/json" });
  response.flushHeaders();
  try {
    if (!path.includes("watch=true") || answered.status !== 200) response.end(await answered.bytes());
    else {
      for await (const chunk of answered.stream()) response.write(chunk);
      response.end();
    }
  } catch {
    response.destroy();
  }
}

const fetching = (origin: string): Transport => ({
  async request({ method, path, headers, body, signal }) {
    const init = {
      method,
      headers: headers as Record<string, string>,
      body: (body ?? null) as RequestInit["body"],
      signal: signal ?? null,
    };
    const response = await fetch(origin + path, init);
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      bytes: async () => new Uint8Array(await response.arrayBuffer()),
      stream: () => response.body ?? new ReadableStream<Uint8Array>(),
    };
  },
  close() {},
});

clientSuite("memory, over sockets", open);
informerSuite("memory, over sockets", open);
