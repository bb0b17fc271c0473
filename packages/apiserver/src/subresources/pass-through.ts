/** Hands a request on to another server and its answer back, streams and upgraded connections (WebSocket, SPDY) included. */
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage, RequestOptions } from "node:http";
import https from "node:https";
import type { Duplex } from "node:stream";
import { StatusError, serviceUnavailable } from "@kubets/machinery";
import { joinHostPort } from "@kubets/machinery/ip";
import { joinStreams } from "@kubets/machinery/join-streams";
import * as http from "@kubets/machinery/node-http";
import { ClientGoneError, type Exchange, Frame, type Upgrade } from "@kubets/wire/http";
import { type Dialer, dialingAgent } from "@kubets/wire/transport";
import { withoutToken } from "../authn/web-socket-token.ts";
import type { CoreExchange } from "../front/core-exchange.ts";

export interface Target {
  readonly host: string;
  readonly port: number;
  /** With the query. */
  readonly path: string;
  /** Absent: plain HTTP. */
  readonly tls?: {
    readonly key?: string;
    readonly cert?: string;
    readonly ca?: string;
    readonly servername?: string;
    readonly rejectUnauthorized?: boolean;
  };
  /** Keeps connections. */
  readonly agent?: https.Agent;
  /** Makes connections where no agent does; by TCP when absent. */
  readonly dialer?: Dialer | undefined;
  /** What is said besides what the client says. */
  readonly headers?: Readonly<Record<string, string | string[]>>;
  /** Headers of the client that are not handed on, besides those that never are. */
  readonly isDropped?: (name: string) => boolean;
  /** What the answer's headers lead to in place of what they say (redirects of proxied applications). */
  readonly rewriteLocation?: (location: string) => string;
  /** How the body of an answer with these headers is changed, if it is. */
  readonly rewriteBody?: (headers: IncomingHttpHeaders) => Rewriting | undefined;
}

export type Rewriting = (parts: AsyncIterable<Buffer>) => AsyncIterable<Uint8Array>;

/** Headers that are about one connection, or that say who the client is to us. */
const NOT_HANDED_ON = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "te",
  "trailer",
  "upgrade",
  "host",
  "authorization",
  "content-length",
]);

export function passThrough(exchange: CoreExchange, target: Target): Promise<void> {
  const { socket } = exchange;
  if (!socket) throw serviceUnavailable("callers in the server's process cannot stream through it; use a connection");
  return socket.upgrade ? passUpgrade(exchange, socket, socket.upgrade, target) : passRequest(exchange, socket, target);
}

function optionsOf(exchange: Exchange, { host, port, path, tls, headers: more, isDropped }: Target): RequestOptions {
  const headers: Record<string, string | string[]> = { host: joinHostPort(host, port) };
  for (let i = 0; i + 1 < exchange.rawHeaders.length; i += 2) {
    const name = (exchange.rawHeaders[i] as string).toLowerCase();
    if (NOT_HANDED_ON.has(name) || name.startsWith(":") || name.startsWith("impersonate-")) continue;
    if (isDropped?.(name)) continue;
    const raw = exchange.rawHeaders[i + 1] as string;
    const value = name === "sec-websocket-protocol" ? withoutToken(raw) : raw;
    const before = headers[name];
    headers[name] = before === undefined ? value : [...[before].flat(), value];
  }
  // What stands behind may end its lines by a line feed alone, as programs behind small web servers do: the original reads them too.
  return {
    host,
    port,
    path,
    method: exchange.method,
    headers: { ...headers, ...more },
    insecureHTTPParser: true,
    ...tls,
  };
}

function request({ tls, dialer }: Target, options: RequestOptions): ClientRequest {
  const agent = dialer && !options.agent ? dialingAgent(dialer, tls !== undefined) : options.agent;
  return (tls ? https : http).request({ ...options, ...(agent !== undefined && { agent }) });
}

/** The answer to the request as if it wanted no upgrade. */
export async function askPlainly(exchange: Exchange, target: Target): Promise<IncomingMessage> {
  const options = optionsOf(exchange, target);
  for (const name of Object.keys(options.headers as object))
    if (name.startsWith("sec-websocket-")) delete (options.headers as Record<string, unknown>)[name];
  const outgoing = request(target, options);
  exchange.onClose(() => outgoing.destroy());
  return await new Promise((resolve, reject) => {
    outgoing.on("response", resolve);
    outgoing.on("error", (error) => reject(unreachable(target, error)));
    outgoing.end();
  });
}

async function passRequest(exchange: CoreExchange, socket: Exchange, target: Target): Promise<void> {
  const options = optionsOf(socket, target);
  const length = exchange.header("content-length");
  if (length !== undefined) (options.headers as Record<string, string>)["content-length"] = length;
  const { answer, sent } = await ask(socket, target, { ...options, ...(target.agent && { agent: target.agent }) });
  exchange.audit?.handOn();
  const sink = exchange.stream(answer.statusCode ?? 502, answerHeaders(answer, target));
  const parts = answer as AsyncIterable<Buffer>;
  try {
    for await (const chunk of target.rewriteBody?.(answer.headers)?.(parts) ?? parts) {
      sink.write(new Frame(chunk));
      if (sink.pendingBytes > MAX_WAITING_BYTES) await sink.drained();
    }
    await sink.drained();
    if (sink.closed) throw new ClientGoneError();
    sink.end();
    exchange.audit?.handedOn(true);
  } catch (cause) {
    // Unless it is the client that is gone.
    const isBroken = exchange.deadline?.isLate || !sink.closed;
    sink.abort();
    exchange.audit?.handedOn(false);
    if (isBroken) throw new AnswerBrokenError("the answer broke off", { cause });
  }
  await sent;
}

/** What answered for this server fell silent in the middle, and the client was told so by the end of its connection. */
export class AnswerBrokenError extends Error {}

const MAX_WAITING_BYTES = 1024 * 1024;

async function ask(
  exchange: Exchange,
  target: Target,
  options: RequestOptions,
): Promise<{ answer: IncomingMessage; sent: Promise<unknown> }> {
  const outgoing = request(target, options);
  exchange.onClose(() => outgoing.destroy());
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.on("response", resolve);
    outgoing.on("error", reject);
  });
  const sent = sendBody(exchange, outgoing).catch(() => outgoing.destroy());
  try {
    return { answer: await answered, sent };
  } catch (error) {
    // A kept connection that was closed at the same moment: what only reads may be asked again on a new one.
    if (outgoing.reusedSocket && hasNoBody(exchange)) return ask(exchange, target, { ...options, agent: false });
    throw unreachable(target, error as Error);
  }
}

const hasNoBody = ({ method }: Exchange) => method === "GET" || method === "HEAD";

async function sendBody(exchange: Exchange, outgoing: ClientRequest): Promise<void> {
  if (!hasNoBody(exchange))
    for await (const chunk of exchange.body)
      if (!outgoing.write(chunk)) await new Promise((resolve) => outgoing.once("drain", resolve));
  outgoing.end();
}

function answerHeaders(answer: IncomingMessage, { rewriteLocation }: Target): string[] {
  const headers: string[] = [];
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value === undefined || NOT_HANDED_ON.has(name)) continue;
    for (const one of [value].flat())
      headers.push(name, name === "location" && rewriteLocation ? rewriteLocation(one) : one);
  }
  return headers;
}

async function passUpgrade(exchange: CoreExchange, asked: Exchange, upgrade: Upgrade, target: Target): Promise<void> {
  const options = optionsOf(asked, target);
  const headers = options.headers as Record<string, string>;
  headers["connection"] = "Upgrade";
  headers["upgrade"] = exchange.header("upgrade") ?? "";
  const outgoing = request(target, options);
  const { answer, socket, head } = await new Promise<{ answer: IncomingMessage; socket?: Duplex; head?: Buffer }>(
    (resolve, reject) => {
      outgoing.on("upgrade", (a, s, h) => resolve({ answer: a, socket: s, head: h }));
      outgoing.on("response", (a) => resolve({ answer: a }));
      outgoing.on("error", (error) => reject(unreachable(target, error)));
      outgoing.end();
    },
  );
  if (!socket) {
    const body = Buffer.concat(await Array.fromAsync(answer as AsyncIterable<Buffer>));
    return exchange.respond(answer.statusCode ?? 502, answerHeaders(answer, target), body);
  }
  const client = upgrade.accept();
  client.socket.write(upgradeHead(answer));
  if (head?.length) client.socket.write(head);
  if (client.head.length) socket.write(client.head);
  joinStreams(client.socket, socket);
}

function upgradeHead(answer: IncomingMessage): string {
  let head = `HTTP/1.1 101 Switching Protocols\r\n`;
  for (let i = 0; i + 1 < answer.rawHeaders.length; i += 2)
    head += `${answer.rawHeaders[i]}: ${answer.rawHeaders[i + 1]}\r\n`;
  return `${head}\r\n`;
}

export function unreachable({ host, port }: Target, cause: Error): StatusError {
  return new StatusError(
    {
      code: 502,
      message: `error trying to reach ${host}:${port}: ${cause.message}`,
      reason: "BadGateway",
    },
    { cause },
  );
}
