/**
 * What the proxy does with a request that it lets through: hands it to the server with the credentials of the kubeconfig and the
 * answer back as it comes; upgrades become a connection of their own whose bytes pass through.
 * Holds: credentials that the caller sends do not reach the server, nor do headers that belong to one hop.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { joinStreams } from "@kubets/machinery/join-streams";
import { drained } from "@kubets/wire/http/drained";
import type { Link } from "../api/rest.ts";
import { asError } from "../errors.ts";

const HOP_BY_HOP = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);
const OWN = new Set(["host", "authorization", "content-length"]);

export async function pass(link: Link, path: string, from: IncomingMessage, to: ServerResponse): Promise<void> {
  const gone = new AbortController();
  to.once("close", () => gone.abort());
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of from) chunks.push(chunk as Buffer);
    const answer = await link.transport.request({
      method: from.method ?? "GET",
      path,
      headers: passed(from),
      ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
      signal: gone.signal,
    });
    const headers = Object.entries(answer.headers).filter(([name]) => !name.startsWith(":") && !HOP_BY_HOP.has(name));
    to.writeHead(answer.status, Object.fromEntries(headers) as Record<string, string>);
    to.flushHeaders();
    for await (const chunk of answer.stream()) if (!to.write(chunk)) await drained(to);
    to.end();
  } catch (error) {
    if (gone.signal.aborted) return;
    if (!to.headersSent) to.writeHead(502, { "content-type": "text/plain" });
    to.end(`${asError(error).message}\n`);
  }
}

const passed = (from: IncomingMessage): Record<string, string> =>
  Object.fromEntries(
    Object.entries(from.headers).filter(([name, value]) => value && !HOP_BY_HOP.has(name) && !OWN.has(name)),
  ) as Record<string, string>;

export async function passUpgrade(link: Link, path: string, from: IncomingMessage, client: Duplex, head: Buffer) {
  client.on("error", () => {});
  try {
    const server = await link.connect();
    const lines = [`${from.method} ${new URL(link.server).pathname.replace(/\/$/, "")}${path} HTTP/1.1`];
    const { authorization: _, ...own } = from.headers;
    const headers = Object.entries({ ...own, host: new URL(link.server).host, ...(await link.identity()) });
    for (const [name, values] of headers) for (const value of [values ?? []].flat()) lines.push(`${name}: ${value}`);
    server.write(`${lines.join("\r\n")}\r\n\r\n`);
    server.write(head);
    joinStreams(client, server);
  } catch (error) {
    client.end(`HTTP/1.1 502 Bad Gateway\r\nconnection: close\r\n\r\n${asError(error).message}\n`);
  }
}
