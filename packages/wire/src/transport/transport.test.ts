import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createConnection, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, it } from "node:test";
import { VirtualClock } from "@kubets/machinery";
import { type ChunkSink, type Exchange, Frame, listen } from "../http.ts";
import { acceptSpdy } from "../spdy.ts";
import { testPki } from "../testing/certificates.ts";
import { type ConnectProxy, startConnectProxy } from "../testing/connect-proxy.ts";
import { startSocksProxy } from "../testing/socks-proxy.ts";
import { type Dialer, HttpTransport, type HttpTransportOptions } from "../transport.ts";
import { acceptWebSocket, COMMAND_CHANNELS, COMMAND_PROTOCOLS, channelSession } from "../websocket.ts";
import { proxyDialer } from "./proxy.ts";
import { type TransportUnderTest, transportSuite } from "./transport.suite.ts";

const pki = testPki();
const tls = { ca: pki.ca };

async function testServer(secure: boolean) {
  const watches = new Set<ChunkSink>();
  const handler = async (exchange: Exchange) => {
    const path = exchange.url.split("?")[0] as string;
    if (path.startsWith("/echo")) {
      const body = Buffer.from(await exchange.readBody(1e6)).toString();
      const echo = { method: exchange.method, path: exchange.url, test: exchange.header("x-test"), body };
      exchange.respond(200, ["content-type", "application/json"], Buffer.from(JSON.stringify(echo)));
    } else if (path === "/whoami") {
      const who = exchange.header("authorization") ?? exchange.peer.certificate()?.commonName ?? "nobody";
      exchange.respond(200, ["x-protocol", exchange.protocol], Buffer.from(who));
    } else if (path === "/large") exchange.respond(200, [], Buffer.alloc(3_000_000));
    else if (path === "/watch") {
      const sink = exchange.stream(200, []);
      watches.add(sink);
      exchange.onClose(() => watches.delete(sink));
    } else if (path === "/broken") {
      const sink = exchange.stream(200, []);
      sink.write(new Frame(Buffer.from("part")));
      setTimeout(() => sink.abort(), 10);
    } else if (path === "/exec" && exchange.upgrade) {
      const spdy = exchange.upgrade.protocol === "spdy/3.1";
      const session = spdy
        ? acceptSpdy(exchange.upgrade, "v4.channel.k8s.io")
        : channelSession(acceptWebSocket(exchange.upgrade, "v5.channel.k8s.io").socket, {
            side: "server",
            protocol: "v5.channel.k8s.io",
            channels: COMMAND_CHANNELS,
          });
      session.onStream((stream) => {
        if (stream.headers.streamtype !== "stdout") return;
        stream.end("output");
        session.close();
      });
    } else exchange.respond(404, [], Buffer.from("not here"));
  };
  const server = await listen({
    host: "127.0.0.1",
    handler: (exchange) => void handler(exchange),
    ...(secure && { tls: { ...pki.server, clientCa: pki.ca } }),
  });
  return {
    url: `${secure ? "https" : "http"}://127.0.0.1:${server.port}`,
    server,
    watches: () => watches.size,
    tick: () => watches.forEach((sink) => sink.write(new Frame(Buffer.from("tick\n")))),
  };
}

async function underTest(secure: boolean, options: Partial<HttpTransportOptions>): Promise<TransportUnderTest> {
  const { url, server, watches, tick } = await testServer(secure);
  const transport = new HttpTransport({ server: url, tls, ...options });
  const stop = async () => {
    await transport.close();
    await server.close();
  };
  return { transport, watches, tick, stop };
}

describe("the HTTP/2 transport", () => transportSuite(() => underTest(true, {})));
describe("the HTTP/1.1 transport", () => transportSuite(() => underTest(true, { http2: false })));
describe("the transport over plain HTTP", () => transportSuite(() => underTest(false, {})));

/** As those that lead through a proxy. */
const dialer: Dialer = async (_, port) => {
  const socket = createConnection({ host: "127.0.0.1", port });
  await once(socket, "connect");
  return socket;
};
describe("the HTTP/2 transport over a dialer", () => transportSuite(() => underTest(true, { dialer })));
describe("the HTTP/1.1 transport over a dialer", () => transportSuite(() => underTest(true, { dialer, http2: false })));
describe("plain HTTP over a dialer", () => transportSuite(() => underTest(false, { dialer })));

const viaProxy = async (
  start: () => Promise<Pick<ConnectProxy, "port" | "targets" | "close">>,
  scheme: string,
  secure: boolean,
) => {
  const proxy = await start();
  const dialer = proxyDialer(new URL(`${scheme}://127.0.0.1:${proxy.port}`), tls);
  const tested = await underTest(secure, { dialer });
  const stop = async () => {
    await tested.stop();
    await proxy.close();
    assert.notEqual(proxy.targets.length, 0);
  };
  return { ...tested, stop };
};
const overTls = () => startConnectProxy({ tls: pki.server });
describe("the transport through a proxy", () => transportSuite(() => viaProxy(startConnectProxy, "http", true)));
describe("the transport through a proxy of HTTPS", () => transportSuite(() => viaProxy(overTls, "https", true)));
describe("the transport through a SOCKS proxy", () => transportSuite(() => viaProxy(startSocksProxy, "socks5", true)));
describe("plain HTTP through a proxy", () => transportSuite(() => viaProxy(startConnectProxy, "http", false)));

describe("the HTTP transport", () => {
  const ask = async (transport: HttpTransport, path = "/whoami") => {
    const answer = await transport.request({ method: "GET", path });
    return {
      text: Buffer.from(await answer.bytes()).toString(),
      protocol: answer.headers["x-protocol"],
      status: answer.status,
    };
  };
  const withServer = async (run: (started: Awaited<ReturnType<typeof testServer>>) => Promise<void>) => {
    const started = await testServer(true);
    try {
      await run(started);
    } finally {
      await started.server.close();
    }
  };

  it("presents a certificate, and a new one after a reload", () =>
    withServer(async ({ url }) => {
      for (const http2 of [true, false]) {
        const transport = new HttpTransport({ server: url, tls: { ...tls, ...pki.client }, http2 });
        assert.deepEqual(await ask(transport), { text: "alice", protocol: http2 ? "h2" : "h1", status: 200 });
        await transport.reloadTls(tls);
        assert.equal((await ask(transport)).text, "nobody");
        await transport.close();
        await assert.rejects(ask(transport), { reason: "closed" });
      }
    }));

  it("sends a token, read again from its file after a minute", () =>
    withServer(async ({ url }) => {
      const folder = mkdtempSync(join(tmpdir(), "token-"));
      const clock = new VirtualClock();
      const file = join(folder, "token");
      writeFileSync(file, "one\n");
      const transport = new HttpTransport({ server: url, tls, tokenFile: file, clock });
      try {
        assert.equal((await ask(transport)).text, "Bearer one");
        writeFileSync(file, "two\n");
        assert.equal((await ask(transport)).text, "Bearer one");
        await clock.advance(61_000);
        assert.equal((await ask(transport)).text, "Bearer two");
        rmSync(file);
        await clock.advance(61_000);
        assert.equal((await ask(transport)).text, "Bearer two");
      } finally {
        await transport.close();
        rmSync(folder, { recursive: true });
      }
    }));

  it("says what is wrong with a server that is not trusted, not there, or silent", async () => {
    await withServer(async ({ url }) => {
      for (const http2 of [true, false]) {
        const stranger = new HttpTransport({ server: url, tls: { ca: testPki().ca }, http2 });
        await assert.rejects(
          ask(stranger),
          (error: Error) => error.name === "TransportError" && /127\.0\.0\.1/.test(error.message),
        );
        await stranger.close();
      }
      const wrongName = new HttpTransport({ server: url, tls: { ...tls, serverName: "example.org" } });
      await assert.rejects(ask(wrongName), { reason: "untrusted" });
      const rightName = new HttpTransport({ server: url, tls: { ...tls, serverName: "kubernetes" } });
      assert.equal((await ask(rightName)).status, 200);
      await rightName.close();
    });
    const nobody = new HttpTransport({ server: "https://127.0.0.1:1", tls });
    await assert.rejects(ask(nobody), { reason: "unreachable", message: /https:\/\/127\.0\.0\.1:1 cannot be reached/ });
    const sockets: Socket[] = [];
    const silent = createServer((socket) => void sockets.push(socket)).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as { port: number };
    const waiting = new HttpTransport({ server: `https://127.0.0.1:${port}`, tls, connectTimeoutMs: 50 });
    await assert.rejects(ask(waiting), { reason: "timeout" });
    for (const socket of sockets) socket.destroy();
    silent.close();
  });

  const refusing = () => startConnectProxy({ answer: "HTTP/1.1 403 Forbidden\r\n\r\n" });
  for (const [scheme, start, startStrict, refusal] of [
    ["http", startConnectProxy, refusing, /: proxy error from .*, code 403: 403 Forbidden/],
    ["socks5", startSocksProxy, () => startSocksProxy({ refuses: true }), /not allowed by its rules: /],
  ] as const)
    it(`tells a ${scheme} proxy who asks and for what, and what it has against it`, () =>
      withServer(async ({ url }) => {
        const kind = await start();
        const strict = await startStrict();
        const by = (port: number, login = "") => proxyDialer(new URL(`${scheme}://${login}127.0.0.1:${port}`), tls);
        const through = (port: number, http2 = true) =>
          new HttpTransport({ server: url, tls, http2, dialer: by(port, "me:s%20cret@") });
        try {
          for (const http2 of [true, false]) {
            const transport = through(kind.port, http2);
            assert.equal((await ask(transport)).text, "nobody");
            await transport.close();
            await assert.rejects(ask(through(strict.port, http2)), { reason: "unreachable", message: refusal });
            await assert.rejects(ask(through(1, http2)), { reason: "unreachable", message: /proxy 127\.0\.0\.1:1: / });
          }
          const named = new HttpTransport({ server: "https://a.example", tls, dialer: by(strict.port) });
          await assert.rejects(ask(named), { message: refusal });
          assert.equal(strict.targets.at(-1), "a.example:443");
          assert.deepEqual(kind.targets, Array(2).fill(new URL(url).host));
          assert.deepEqual(kind.logins, Array(2).fill("me:s cret"));
        } finally {
          await kind.close();
          await strict.close();
        }
      }));

  it("connects again after the server has restarted", async () => {
    const first = await testServer(true);
    const transport = new HttpTransport({ server: first.url, tls });
    assert.equal((await ask(transport)).status, 200);
    await first.server.close();
    await assert.rejects(ask(transport), { reason: "unreachable" });
    const again = await listen({
      port: first.server.port,
      host: "127.0.0.1",
      tls: pki.server,
      handler: (exchange) => exchange.respond(201, []),
    });
    assert.equal((await ask(transport)).status, 201);
    await transport.close();
    await again.close();
  });

  it("notices a connection that is dead while a watch waits on it", async () => {
    const { server, url } = await testServer(true);
    const held: Socket[] = [];
    let frozen = false;
    const relay = createServer((socket) => {
      const onward = createConnection(server.port);
      held.push(socket, onward);
      socket.on("data", (chunk: Buffer) => frozen || onward.write(chunk));
      onward.on("data", (chunk: Buffer) => frozen || socket.write(chunk));
      socket.on("error", () => {});
      onward.on("error", () => {});
    }).listen(0, "127.0.0.1");
    await once(relay, "listening");
    const transport = new HttpTransport({
      server: url.replace(/\d+$/, String((relay.address() as { port: number }).port)),
      tls,
      pingMs: 40,
    });
    try {
      const answer = await transport.request({ method: "GET", path: "/watch" });
      frozen = true;
      await assert.rejects(answer.bytes(), { name: "TransportError", message: /no longer answers/ });
    } finally {
      await transport.close();
      for (const socket of held) socket.destroy();
      relay.close();
      await server.close();
    }
  });

  it("opens sessions for commands over WebSocket and over SPDY", () =>
    withServer(async ({ url }) => {
      const transport = new HttpTransport({ server: url, tls, token: "t" });
      for (const carrier of ["websocket", "spdy"] as const) {
        const session = await transport.upgrade({ path: "/exec", protocols: COMMAND_PROTOCOLS, carrier });
        const stdout = session.open({ streamtype: "stdout" });
        assert.equal(await text(stdout), "output");
        assert.equal(await session.closed, undefined);
        await assert.rejects(transport.upgrade({ path: "/none", protocols: COMMAND_PROTOCOLS, carrier }), {
          name: "UpgradeRefusedError",
          status: 404,
        });
      }
      await transport.close();
    }));

  it("puts the path of its server in front", () =>
    withServer(async ({ url }) => {
      const transport = new HttpTransport({ server: `${url}/echo/cluster/`, tls });
      assert.match((await ask(transport, "/api")).text, /"path":"\/echo\/cluster\/api"/);
      await transport.close();
    }));
});

describe("a transport with alternatives", () => {
  it("goes on with another server when its own is gone, and stays with it", async () => {
    const [first, second] = [await testServer(true), await testServer(true)];
    const transport = new HttpTransport({ server: first.url, alternatives: () => [second.url], tls });
    try {
      const asked = async () => (await transport.request({ method: "GET", path: "/whoami" })).status;
      assert.equal(await asked(), 200);
      await first.server.close();
      assert.equal(await eventuallyAnswers(asked), 200);
      assert.equal(await asked(), 200);
      await second.server.close();
      await assert.rejects(eventuallyAnswers(asked), { name: "TransportError" });
    } finally {
      await transport.close();
    }
  });
});

/** The request that was under way when the server went may fail; the one after it knows. */
const eventuallyAnswers = <T>(ask: () => Promise<T>): Promise<T> => ask().catch(ask);
