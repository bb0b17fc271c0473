/** Requests as tests send them: written byte for byte, or by Node's own clients. */
import { once } from "node:events";
import type { IncomingHttpHeaders, IncomingMessage, RequestOptions, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { connect } from "node:net";
import { createServer, request } from "@kubets/machinery/node-http";

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Question extends Omit<RequestOptions, "port"> {
  readonly body?: string | Buffer;
}

export function ask(port: number, path: string, { body, ...options }: Question = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, path, agent: false, ...options }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

/** Sends these bytes and gives all that comes until the other side ends. */
export function askRaw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1" });
    let answer = "";
    socket.on("data", (chunk: Buffer) => {
      answer += chunk.toString("latin1");
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(answer));
    socket.write(text, "latin1");
  });
}

export interface TestServer {
  readonly port: number;
  readonly server: Server;
  readonly seen: IncomingMessage[];
  close(): Promise<void>;
}

/** `answer` tells what came when it is absent. */
export async function serve(
  answer?: (request: IncomingMessage, response: ServerResponse) => void,
  name = "",
): Promise<TestServer> {
  const seen: IncomingMessage[] = [];
  const server = createServer((incoming, response) => {
    seen.push(incoming);
    if (answer) answer(incoming, response);
    else {
      const { method, url, headers } = incoming;
      let body = "";
      incoming.on("data", (chunk: Buffer) => {
        body += chunk.toString();
      });
      incoming.on("end", () => response.end(JSON.stringify({ name, method, url, headers, body })));
    }
  });
  const bound = once(server, "listening");
  server.listen(0, "0.0.0.0");
  await bound;
  return {
    port: (server.address() as AddressInfo).port,
    server,
    seen,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
