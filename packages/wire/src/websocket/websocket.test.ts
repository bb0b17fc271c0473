import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import { after, before, describe, it } from "node:test";
import { Receiver, Sender } from "ws";
import { type ChunkSink, type Exchange, Frame, type Listener, listen, type Upgrade } from "../http.ts";
import { spdySession } from "../spdy.ts";
import { testPki } from "../testing/certificates.ts";
import {
  acceptWebSocket,
  COMMAND_CHANNELS,
  COMMAND_PROTOCOLS,
  channelSession,
  chooseProtocol,
  messagePieces,
  messageSink,
  openWebSocket,
  portChannels,
  type SessionStream,
  type StreamSession,
  webSocketDuplex,
} from "../websocket.ts";

const pki = testPki();
let server: Listener;

/** `exec cat`: stdin goes to stdout, then a status. */
async function cat(session: StreamSession): Promise<void> {
  const streams = new Map<string, SessionStream>();
  session.onStream((stream) => streams.set(stream.headers.streamtype, stream));
  const stdin = streams.get("stdin") as SessionStream;
  const stdout = streams.get("stdout") as SessionStream;
  for await (const chunk of stdin)
    if (!stdout.write(chunk)) await new Promise((resolve) => stdout.once("drain", resolve));
  streams.get("error")?.write('{"status":"Success"}');
  session.close();
}

async function serve(exchange: Exchange): Promise<void> {
  const { upgrade } = exchange;
  if (!upgrade) return exchange.respond(400, [], Buffer.from("no upgrade"));
  if (exchange.url === "/forbidden") return exchange.respond(403, [], Buffer.from("not you"));
  if (exchange.url === "/tunnel") {
    const { socket } = acceptWebSocket(upgrade, "SPDY/3.1+portforward.k8s.io");
    const session = spdySession(webSocketDuplex(socket), { side: "server", protocol: "portforward.k8s.io" });
    session.onStream((stream) => void stream.pipe(stream));
    return;
  }
  const protocol = chooseProtocol(upgrade.request, COMMAND_PROTOCOLS);
  if (protocol === undefined) return exchange.respond(403, [], Buffer.from("unsupported"));
  const { socket } = acceptWebSocket(upgrade, protocol);
  await cat(channelSession(socket, { side: "server", protocol, channels: COMMAND_CHANNELS }));
}

before(async () => {
  server = await listen({
    tls: pki.server,
    host: "127.0.0.1",
    handler: (exchange) => void serve(exchange).catch(() => {}),
  });
});
after(() => server.close());

const open = (path: string, protocols: readonly string[], signal?: AbortSignal) =>
  openWebSocket({ url: `wss://localhost:${server.port}${path}`, protocols, ca: pki.ca, signal });

describe("channels over a WebSocket", () => {
  it("carry a command with its end of input and its status", async () => {
    const socket = await open("/exec", COMMAND_PROTOCOLS);
    assert.equal(socket.protocol, "v5.channel.k8s.io");
    const session = channelSession(socket, { side: "client", protocol: socket.protocol, channels: COMMAND_CHANNELS });
    const stdin = session.open({ streamtype: "stdin" });
    const input = "0123456789".repeat(300_000);
    stdin.end(input);
    const [output, status] = await Promise.all([
      text(session.open({ streamtype: "stdout" })),
      text(session.open({ streamtype: "error" })),
    ]);
    assert.ok(output === input);
    assert.equal(status, '{"status":"Success"}');
    assert.equal(await session.closed, undefined);
  });

  it("speak base64 as well", async () => {
    const socket = await open("/exec", ["base64.channel.k8s.io"]);
    const session = channelSession(socket, { side: "client", protocol: socket.protocol, channels: COMMAND_CHANNELS });
    session.open({ streamtype: "stdin" }).write("häß\0");
    const stdout = session.open({ streamtype: "stdout" });
    for await (const chunk of stdout) {
      assert.equal(String(chunk), "häß\0");
      break;
    }
    session.destroy();
    assert.ok((await session.closed) instanceof Error);
  });

  it("pause when nobody reads", async () => {
    const socket = await open("/exec", ["v5.channel.k8s.io"]);
    const session = channelSession(socket, { side: "client", protocol: socket.protocol, channels: COMMAND_CHANNELS });
    const stdin = session.open({ streamtype: "stdin" });
    const stdout = session.open({ streamtype: "stdout" });
    for (let i = 0; i < 100; i++) stdin.write(Buffer.alloc(100_000));
    stdin.end();
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.ok(stdout.readableLength < 5_000_000);
    let size = 0;
    for await (const chunk of stdout) size += (chunk as Buffer).length;
    assert.equal(size, 10_000_000);
  });

  it("number the channels of forwarded ports by pairs", () => {
    assert.deepEqual(
      portChannels([80, 443]).map(({ streamtype, port }) => `${streamtype} ${port}`),
      ["data 80", "error 80", "data 443", "error 443"],
    );
  });

  it("say why they are refused", async () => {
    await assert.rejects(open("/forbidden", []), {
      name: "UpgradeRefusedError",
      status: 403,
      body: Buffer.from("not you"),
    });
    await assert.rejects(open("/exec", ["v9.channel.k8s.io"]), { status: 403 });
    await assert.rejects(open("/exec", [], AbortSignal.abort()), { name: "AbortError" });
  });

  it("carry SPDY inside, as newer clients forward ports", async () => {
    const session = spdySession(await tunnel(), { side: "client", protocol: "portforward.k8s.io" });
    const data = session.open({ streamtype: "data", port: "80", requestid: "1" });
    data.end("hello");
    assert.equal(await text(data), "hello");
    session.close();
    await session.closed;
  });
});

describe("a WebSocket on which one side tells", () => {
  const SIZES = [0, 1, 125, 126, 65_535, 65_536, 200_000];
  const frame = new Frame(
    Buffer.concat(SIZES.flatMap((size, i) => messagePieces([Buffer.alloc(size, "a")], i % 2 === 0))),
  );
  const start = async (endsItself: boolean) => {
    const { promise: sink, resolve } = Promise.withResolvers<ChunkSink>();
    const port = await listen({
      tls: pki.server,
      host: "127.0.0.1",
      handler: ({ upgrade }) => resolve(messageSink(acceptWebSocket(upgrade as Upgrade, "", endsItself))),
    });
    const socket = await openWebSocket({ url: `wss://localhost:${port.port}/`, protocols: [], ca: pki.ca });
    const told: [number, boolean][] = [];
    socket.on("message", (data, isBinary) => told.push([data.length, isBinary]));
    const closed = new Promise<number>((resolveClosed) => socket.on("close", resolveClosed));
    return { port, sink: await sink, told, closed };
  };

  it("takes messages of every size, and ends when it is ready though its port goes", async () => {
    const { port, sink, told, closed } = await start(true);
    const gone = port.close(600_000);
    sink.write(frame);
    await sink.drained();
    sink.end();
    sink.write(frame);
    assert.equal(await closed, 1000);
    assert.deepEqual(
      told,
      SIZES.map((size, i) => [size, i % 2 === 1]),
    );
    await gone;
    assert.equal(sink.closed, true);
  });

  it("is broken off where nobody says that it ends", async () => {
    const { port, closed } = await start(false);
    await port.close(600_000);
    assert.equal(await closed, 1006);
  });
});

/** The client's side of a tunnel, by hand: `ws` does not offer a protocol of that name. */
async function tunnel(): Promise<Duplex> {
  const name = "SPDY/3.1+portforward.k8s.io";
  const request = httpsRequest({
    host: "localhost",
    port: server.port,
    ca: pki.ca,
    agent: false,
    path: "/tunnel",
    headers: {
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": Buffer.alloc(16).toString("base64"),
      "sec-websocket-protocol": name,
    },
  });
  request.end();
  const [response, socket] = (await once(request, "upgrade")) as [IncomingMessage, Socket];
  assert.equal(response.headers["sec-websocket-protocol"], name);
  const receiver = new Receiver({ isServer: false });
  socket.pipe(receiver);
  const duplex = new Duplex({
    read() {},
    write(bytes: Buffer, _encoding, done) {
      const frame = Sender.frame(bytes, { fin: true, mask: true, opcode: 2, readOnly: true, rsv1: false });
      socket.write(Buffer.concat(frame), done);
    },
    final: (done) => socket.end(done),
  });
  receiver.on("message", (data: Buffer) => duplex.push(data));
  receiver.on("conclude", () => duplex.push(null));
  socket.on("close", () => duplex.destroy());
  return duplex;
}
