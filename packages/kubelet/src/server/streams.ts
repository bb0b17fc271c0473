/**
 * Hands the streams of exec, attach and port-forward on. Where the runtime has a streaming server the bytes go there as they are, in the
 * client's own protocol; version 5 of the WebSocket protocol, which runtimes do not speak, becomes SPDY on the way.
 */
import { pipeline } from "node:stream";
import { joinStreams } from "@kubets/machinery/join-streams";
import type { Exchange, Upgrade } from "@kubets/wire/http";
import {
  acceptSpdy,
  chooseSpdyProtocol,
  openSpdy,
  SPDY_COMMAND_PROTOCOLS,
  SPDY_PORT_FORWARD_PROTOCOL,
} from "@kubets/wire/spdy";
import {
  acceptWebSocket,
  COMMAND_CHANNELS,
  COMMAND_PROTOCOLS,
  channelSession,
  chooseProtocol,
  type SessionStream,
  type StreamSession,
} from "@kubets/wire/websocket";
import type { Dialer } from "../dialer.ts";
import type { StreamChoice, StreamTarget } from "../runtime/runtime.ts";
import type { CommandHandler, PortHandler } from "../runtime/streams.ts";

interface StreamRequest {
  readonly exchange: Exchange;
  readonly target: StreamTarget;
  /** None for forwarded ports. */
  readonly choice: StreamChoice | undefined;
  readonly dialer: Dialer;
  /** After so long without a byte either way the connection is closed; 0 for never. */
  readonly idleMs: number;
}

export async function serveStreams({ exchange, target, choice, dialer, idleMs }: StreamRequest): Promise<void> {
  const { upgrade } = exchange;
  if (!upgrade) return refuse(exchange, "unable to upgrade: the client asked for no other protocol");
  const { socket } = upgrade.request;
  socket.setTimeout(idleMs, () => socket.destroy());
  const isWebSocket = upgrade.protocol === "websocket";
  const protocol = isWebSocket
    ? chooseProtocol(upgrade.request, COMMAND_PROTOCOLS)
    : chooseSpdyProtocol(upgrade, choice ? SPDY_COMMAND_PROTOCOLS : [SPDY_PORT_FORWARD_PROTOCOL]);
  if (protocol === undefined)
    return refuse(exchange, "unable to upgrade: none of the protocols that the client offered is known");
  if ("url" in target && !protocol.startsWith("v5.")) return await proxyRaw(upgrade, target.url, dialer, exchange.url);

  const session = isWebSocket
    ? channelSession(acceptWebSocket(upgrade, protocol).socket, {
        side: "server",
        protocol,
        channels: COMMAND_CHANNELS,
      })
    : acceptSpdy(upgrade, protocol);
  try {
    if ("url" in target) await translate(session, target.url, choice as StreamChoice, dialer);
    else if (target.handler.kind === "command") await runCommand(session, target.handler, choice as StreamChoice);
    else await forwardPorts(session, target.handler);
  } catch (error) {
    session.destroy(error as Error);
  }
}

function refuse(exchange: Exchange, message: string): void {
  exchange.respond(400, ["content-type", "text/plain"], Buffer.from(`${message}\n`));
}

/** The client's request and everything after it, on a connection of our own. */
async function proxyRaw(upgrade: Upgrade, url: string, dialer: Dialer, asked: string): Promise<void> {
  const to = new URL(url);
  const server = await dialer.dial(to.hostname, Number(to.port || 80));
  const { request } = upgrade;
  const { socket: client, head } = upgrade.accept();
  const ports = new URL(asked, url).searchParams.getAll("port");
  const query = ports.length > 0 ? `?${ports.map((port) => `port=${port}`).join("&")}` : to.search;
  const lines = [`${request.method} ${to.pathname}${query} HTTP/1.1`, `Host: ${to.host}`];
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    const [name = "", value = ""] = request.rawHeaders.slice(i, i + 2);
    if (!/^(host|authorization|cookie)$/i.test(name)) lines.push(`${name}: ${value}`);
  }
  server.write(`${lines.join("\r\n")}\r\n\r\n`);
  if (head.length > 0) server.write(head);
  joinStreams(client, server);
}

/** A session of version 5 on one side, of SPDY's version 4 on the other. */
async function translate(session: StreamSession, url: string, choice: StreamChoice, dialer: Dialer): Promise<void> {
  const to = new URL(url);
  const socket = await dialer.dial(to.hostname, Number(to.port || 80));
  const runtime = await openSpdy({ url, protocols: ["v4.channel.k8s.io"], connection: socket });
  const mine = await streamsOf(session, choice);
  const pairs = [...mine].map(
    ([type, stream]) => [stream, runtime.open({ streamtype: type as SessionStream["headers"]["streamtype"] })] as const,
  );
  const done: Promise<void>[] = [];
  for (const [client, server] of pairs) {
    const type = client.headers.streamtype;
    if (type === "stdin" || type === "resize") pipeline(client, server, () => {});
    else
      done.push(
        new Promise((resolve) => {
          server.pipe(client, { end: false });
          server.once("close", resolve);
          server.once("end", resolve);
        }),
      );
  }
  void session.closed.then(() => runtime.destroy());
  await Promise.all(done);
  session.close();
  runtime.close();
}

/** The streams of a command by type, once the client has opened all that it asked for. */
function streamsOf(
  session: StreamSession,
  { stdin, stdout, stderr, tty }: StreamChoice,
): Promise<Map<string, SessionStream>> {
  const wanted = new Set([
    "error",
    ...(stdin ? ["stdin"] : []),
    ...(stdout ? ["stdout"] : []),
    ...(stderr && !tty ? ["stderr"] : []),
    ...(tty ? ["resize"] : []),
  ]);
  const found = new Map<string, SessionStream>();
  return new Promise((resolve) => {
    session.onStream((stream) => {
      if (!wanted.has(stream.headers.streamtype)) return;
      found.set(stream.headers.streamtype, stream);
      if (found.size === wanted.size) resolve(found);
    });
  });
}

async function runCommand(session: StreamSession, handler: CommandHandler, choice: StreamChoice): Promise<void> {
  const streams = await streamsOf(session, choice);
  const [stdin, stdout, stderr, resize] = ["stdin", "stdout", "stderr", "resize"].map((type) => streams.get(type));
  const exitCode = await handler.run({
    ...(stdin && { stdin }),
    ...(stdout && { stdout }),
    ...(stderr && { stderr }),
    onResize(run) {
      resize?.on("data", (chunk: Buffer) => {
        const { Width: width, Height: height } = JSON.parse(chunk.toString()) as { Width: number; Height: number };
        run({ width, height });
      });
    },
  });
  const status =
    exitCode === 0
      ? { metadata: {}, status: "Success" }
      : {
          metadata: {},
          status: "Failure",
          reason: "NonZeroExitCode",
          message: `command terminated with non-zero exit code: exit status ${exitCode}`,
          details: { causes: [{ reason: "ExitCode", message: String(exitCode) }] },
        };
  stdout?.end();
  stderr?.end();
  await new Promise<void>((resolve) => streams.get("error")?.end(JSON.stringify(status), resolve));
  session.close();
}

async function forwardPorts(session: StreamSession, handler: PortHandler): Promise<void> {
  const errors = new Map<string, SessionStream>();
  session.onStream((stream) => {
    const { streamtype, port = "", requestid = "" } = stream.headers;
    if (streamtype === "error") errors.set(requestid, stream);
    else
      handler.connect(Number(port), stream).then(
        () => errors.get(requestid)?.end(),
        (error: Error) => errors.get(requestid)?.end(error.message),
      );
  });
  await session.closed;
}
