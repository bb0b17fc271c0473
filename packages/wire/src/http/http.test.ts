import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { type ClientHttp2Session, connect as connectH2, type IncomingHttpHeaders } from "node:http2";
import { Agent, request as httpsRequest, type RequestOptions } from "node:https";
import { connect, createServer } from "node:net";
import { after, before, describe, it } from "node:test";
import { connect as connectTls } from "node:tls";
import { type ChunkSink, type Exchange, Frame, type Listener, listen } from "../http.ts";
import { testPki } from "../testing/certificates.ts";

const pki = testPki();
const intruder = testPki();
const tls = { ...pki.server, clientCa: pki.ca };

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

interface Ask {
  method?: string;
  path: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

let server: Listener;
/** Of requests that are counted: "begun", and "gone" when their client is. */
const counted = new EventEmitter();
let open: ChunkSink | undefined;
const large = Buffer.alloc(3_000_000, "x");

async function route(exchange: Exchange): Promise<void> {
  const { pathname } = new URL(exchange.url, "http://x");
  if (exchange.header("x-test") === "count") {
    counted.emit("begun");
    exchange.onClose(() => counted.emit("gone"));
  }
  if (exchange.upgrade && pathname === "/upgrade") {
    const { socket, head } = exchange.upgrade.accept();
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nupgrade: ${exchange.upgrade.protocol}\r\nconnection: upgrade\r\n\r\n`,
    );
    socket.write(head);
    socket.pipe(socket);
  } else if (pathname === "/echo") {
    try {
      const body = await exchange.readBody(100_000);
      exchange.respond(200, ["x-length", String(body.length), "x-test", exchange.header("x-test") ?? ""], body);
    } catch (error) {
      exchange.respond(
        (error as Error).name === "BodyTooLargeError" ? 413 : 400,
        [],
        Buffer.from((error as Error).name),
      );
    }
  } else if (pathname === "/whoami") {
    const name = exchange.peer.certificate()?.commonName ?? `nobody ${exchange.peer.certificateError() ?? ""}`;
    exchange.respond(200, [], [Buffer.from(name), Buffer.from(` ${exchange.protocol}`)]);
  } else if (pathname === "/empty") exchange.respond(204, []);
  else if (pathname === "/large") exchange.respond(200, [], [large.subarray(0, 10), large.subarray(10)]);
  else if (pathname === "/abort") {
    const sink = exchange.stream(200, []);
    sink.write(new Frame(Buffer.from("part")));
    await new Promise((resolve) => setTimeout(resolve, 20));
    sink.abort();
  } else if (pathname === "/slow") {
    await new Promise((resolve) => setTimeout(resolve, 100));
    exchange.respond(200, [], Buffer.from("slow"));
  } else if (pathname === "/open") {
    open = exchange.stream(200, []);
  } else {
    const sink = exchange.stream(200, ["content-type", "text/plain"]);
    for (const part of ["one ", "", "two ", "three"]) sink.write(new Frame(Buffer.from(part)));
    sink.end();
    sink.write(new Frame(Buffer.from("after the end")));
  }
}

before(async () => {
  server = await listen({ tls, host: "127.0.0.1", handler: (exchange) => void route(exchange) });
});
after(() => server.close());

function h1(ask: Ask, options: RequestOptions = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpsRequest(
      { host: "127.0.0.1", port: server.port, ca: pki.ca, agent: false, ...ask, ...options },
      (response) => {
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
      },
    );
    request.on("error", reject);
    request.end(ask.body);
  });
}

function h2(session: ClientHttp2Session, ask: Ask): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ":path": ask.path, ":method": ask.method ?? "GET", ...ask.headers });
    let headers: IncomingHttpHeaders = {};
    const chunks: Buffer[] = [];
    stream.on("response", (received) => (headers = received));
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("error", reject);
    stream.on("end", () =>
      stream.rstCode
        ? reject(new Error("broken off"))
        : resolve({ status: Number(headers[":status"]), headers, body: Buffer.concat(chunks).toString() }),
    );
    stream.end(ask.body);
  });
}

for (const protocol of ["h1", "h2"] as const) {
  describe(`the server over ${protocol}`, () => {
    let session: ClientHttp2Session | undefined;
    const ask = (what: Ask) => (session ? h2(session, what) : h1(what));
    before(() => {
      if (protocol === "h2") session = connectH2(`https://127.0.0.1:${server.port}`, { ca: pki.ca, ...pki.client });
    });
    after(() => session?.close());

    it("answers with a body and its length", async () => {
      const { status, headers, body } = await ask({
        path: "/echo?a=b",
        method: "POST",
        body: "hello",
        headers: { "x-test": "yes" },
      });
      assert.deepEqual(
        [status, body, headers["x-length"], headers["content-length"], headers["x-test"]],
        [200, "hello", "5", "5", "yes"],
      );
      assert.ok(headers["date"]);
    });

    it("answers without a body, and HEAD with the length alone", async () => {
      const empty = await ask({ path: "/empty" });
      assert.deepEqual([empty.status, empty.body, empty.headers["content-length"]], [204, "", undefined]);
      const head = await ask({ path: "/large", method: "HEAD" });
      assert.deepEqual([head.status, head.body, head.headers["content-length"]], [200, "", "3000000"]);
      const stream = await ask({ path: "/stream", method: "HEAD" });
      assert.deepEqual([stream.status, stream.body], [200, ""]);
    });

    it("sends large bodies of several parts", async () => {
      assert.equal((await ask({ path: "/large" })).body.length, 3_000_000);
    });

    it("takes bodies up to the limit, and says when they are too large", async () => {
      assert.equal(
        (await ask({ path: "/echo", method: "POST", body: large.subarray(0, 100_000) })).headers["x-length"],
        "100000",
      );
      const refused = await ask({ path: "/echo", method: "POST", body: large.subarray(0, 100_001) });
      assert.deepEqual([refused.status, refused.body], [413, "BodyTooLargeError"]);
      assert.equal((await ask({ path: "/echo", method: "POST", body: "again" })).status, 200);
    });

    it("streams, and drops what is written after the end", async () => {
      assert.equal((await ask({ path: "/stream" })).body, "one two three");
    });

    it("lets the client see an answer that is broken off", async () => {
      await assert.rejects(ask({ path: "/abort" }));
    });

    it("tells when the client is gone", async () => {
      open = undefined;
      const gone = once(counted, "gone");
      if (session) {
        const stream = session.request({ ":path": "/open", "x-test": "count" });
        await once(stream, "response");
        stream.close();
      } else {
        const headers = { "x-test": "count" };
        const request = httpsRequest({
          host: "127.0.0.1",
          port: server.port,
          ca: pki.ca,
          agent: false,
          path: "/open",
          headers,
        });
        request.on("error", () => {});
        request.end();
        await once(request, "response");
        request.destroy();
      }
      await gone;
      const sink = open as ChunkSink | undefined;
      assert.equal(sink?.closed, true);
      sink?.write(new Frame(Buffer.from("too late")));
      sink?.end();
    });

    it("knows the client by its certificate", async () => {
      const body = session ? (await ask({ path: "/whoami" })).body : (await h1({ path: "/whoami" }, pki.client)).body;
      assert.equal(body, `alice ${protocol}`);
    });
  });
}

describe("the server", () => {
  it("takes in the rest of a body that is too large, so that who sends it reads the answer", async () => {
    const socket = connectTls({ port: server.port, host: "127.0.0.1", ca: pki.ca });
    const write = (part: Buffer | string) =>
      new Promise<void>((resolve, reject) => socket.write(part, (error) => (error ? reject(error) : resolve())));
    await write(`POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: ${large.length}\r\n\r\n`);
    const [answer] = (await once(socket, "data")) as [Buffer];
    assert.match(String(answer), /^HTTP\/1\.1 413 /);
    for (let at = 0; at < large.length; at += 100_000) await write(large.subarray(at, at + 100_000));
    await once(socket.resume(), "end");
    socket.destroy();
  });

  it("does not believe certificates of others, and says why", async () => {
    assert.equal((await h1({ path: "/whoami" })).body, "nobody  h1");
    assert.match((await h1({ path: "/whoami" }, intruder.client)).body, /^nobody \w+/);
  });

  it("answers pipelined requests in order, streams among them", async () => {
    const socket = connectTls({ port: server.port, host: "127.0.0.1", ca: pki.ca });
    const request = (path: string) => `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`;
    socket.write(
      `${request("/slow")}${request("/stream")}GET /whoami HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`,
    );
    let text = "";
    for await (const chunk of socket) text += String(chunk);
    assert.match(text, /slow[^]*one [^]*two [^]*three[^]*nobody/);
    assert.equal(text.match(/HTTP\/1\.1 200/g)?.length, 3);
  });

  it("streams unframed to clients of HTTP/1.0", async () => {
    const socket = connectTls({ port: server.port, host: "127.0.0.1", ca: pki.ca });
    socket.write("GET /stream HTTP/1.0\r\n\r\n");
    let text = "";
    for await (const chunk of socket) text += String(chunk);
    assert.equal(text.split("\r\n\r\n")[1], "one two three");
  });

  it("keeps a connection on which a short body comes after its answer", async () => {
    const socket = connectTls({ port: server.port, host: "127.0.0.1", ca: pki.ca });
    socket.write("POST /whoami HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\n");
    const [first] = (await once(socket, "data")) as [Buffer];
    assert.match(String(first), /^HTTP\/1\.1 200 /);
    assert.doesNotMatch(String(first), /connection: close/i);
    socket.write("helloGET /whoami HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    assert.match(String(Buffer.concat(await socket.toArray())), /^HTTP\/1\.1 200 /);
  });

  it("says 100 Continue when it wants the body", async () => {
    const socket = connectTls({ port: server.port, host: "127.0.0.1", ca: pki.ca });
    socket.write(
      "POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\nexpect: 100-continue\r\nconnection: close\r\n\r\n",
    );
    const [first] = (await once(socket, "data")) as [Buffer];
    assert.match(first.toString(), /^HTTP\/1\.1 100/);
    socket.write("ok");
    let text = "";
    for await (const chunk of socket) text += String(chunk);
    assert.ok(text.endsWith("ok"));
    const session = connectH2(`https://127.0.0.1:${server.port}`, { ca: pki.ca });
    const stream = session.request({ ":path": "/echo", ":method": "POST", expect: "100-continue" });
    await once(stream, "continue");
    stream.end("yes");
    assert.equal(String((await once(stream, "data"))[0]), "yes");
    session.close();
  });

  it("does not take less than the length that was announced", async () => {
    const socket = connectTls({ port: server.port, host: "127.0.0.1", ca: pki.ca });
    socket.on("error", () => {});
    const [begun, gone] = [once(counted, "begun"), once(counted, "gone")];
    socket.write("POST /echo HTTP/1.1\r\nhost: x\r\nx-test: count\r\ncontent-length: 5\r\n\r\nab");
    await begun;
    socket.destroy();
    await gone;
    const session = connectH2(`https://127.0.0.1:${server.port}`, { ca: pki.ca });
    const stream = session.request({ ":path": "/echo", ":method": "POST", "content-length": "5" });
    stream.end("ab");
    await assert.rejects(once(stream, "response"));
    session.destroy();
  });

  it("gives connections away on upgrade, or answers them", async () => {
    const ask = (path: string) => {
      const request = httpsRequest({
        host: "127.0.0.1",
        port: server.port,
        ca: pki.ca,
        agent: false,
        path,
        headers: { connection: "Upgrade", upgrade: "SPDY/3.1" },
      });
      request.end();
      return request;
    };
    const [response, socket] = (await once(ask("/upgrade"), "upgrade")) as [
      { headers: Record<string, string> },
      import("node:net").Socket,
    ];
    assert.equal(response.headers["upgrade"], "spdy/3.1");
    socket.write("ping");
    assert.equal(String((await once(socket, "data"))[0]), "ping");
    socket.destroy();
    const [refused] = (await once(ask("/whoami"), "response")) as [import("node:http").IncomingMessage];
    assert.equal(refused.statusCode, 200);
    refused.resume();
    await once(refused, "end");
  });

  it("keeps count of what a slow client has not taken", async () => {
    const socket = connectTls({ port: server.port, host: "127.0.0.1", ca: pki.ca });
    open = undefined;
    socket.write("GET /open HTTP/1.1\r\nhost: x\r\n\r\n");
    await once(socket, "data");
    socket.pause();
    const sink = open as unknown as ChunkSink;
    const frame = new Frame(Buffer.alloc(1_000_000));
    for (let i = 0; i < 40; i++) sink.write(frame);
    assert.ok(sink.pendingBytes > 10_000_000);
    const drained = sink.drained();
    socket.resume();
    await drained;
    assert.equal(sink.pendingBytes, 0);
    socket.destroy();
  });

  it("answers each of very many connections of one asker, and others meanwhile, whatever it reads when", async () => {
    const seen = new Map<string, number>();
    const busy = await listen({
      host: "127.0.0.1",
      tls,
      async handler(exchange) {
        const who = exchange.header("user") ?? "";
        exchange.askedBy?.(who);
        seen.set(who, (seen.get(who) ?? 0) + 1);
        // So that turns fill.
        for (const until = performance.now() + 0.3; performance.now() < until; );
        exchange.respond(200, [], await exchange.readBody(1 << 20));
      },
    });
    const agent = new Agent({ keepAlive: true, maxSockets: 40, rejectUnauthorized: false });
    const ask = (user: string, body: string) =>
      new Promise<string>((resolve, reject) => {
        const method = body ? "POST" : "GET";
        const request = httpsRequest({ port: busy.port, agent, method, headers: { user } }, async (answer) =>
          resolve(Buffer.concat(await answer.toArray()).toString()),
        );
        request.on("error", reject).end(body);
      });
    try {
      const bodies = ["", "small", "x".repeat(300_000)];
      const one = async (user: string, i: number) => {
        for (let k = 0; k < 6; k++) {
          const body = bodies[(i + k) % 3] as string;
          assert.equal(await ask(user, body), body);
        }
      };
      await Promise.all(Array.from({ length: 40 }, (_, i) => one(i < 38 ? "flood" : "modest", i)));
      assert.deepEqual([seen.get("flood"), seen.get("modest")], [38 * 6, 2 * 6]);
    } finally {
      agent.destroy();
      await busy.close();
    }
  });

  it("uses new certificates after a reload, and answers to names", async () => {
    const fresh = testPki();
    const own = await listen({
      tls: { ...tls, byName: { "*.example.org": fresh.server } },
      host: "127.0.0.1",
      handler: (e) => void route(e),
    });
    const serial = async (servername: string) => {
      const socket = connectTls({ port: own.port, host: "127.0.0.1", servername, rejectUnauthorized: false });
      await once(socket, "secureConnect");
      const { fingerprint256 } = socket.getPeerCertificate();
      socket.destroy();
      return fingerprint256;
    };
    const first = await serial("localhost");
    assert.notEqual(await serial("a.example.org"), first);
    own.reloadTls({ ...testPki().server });
    const second = await serial("localhost");
    assert.notEqual(second, first);
    assert.equal(await serial("a.example.org"), second);
    await own.close();
  });

  for (const protocol of ["h1", "h2"] as const)
    it(`lets go of a client over ${protocol} that reads nothing, once its answer is broken off`, async (t) => {
      const asked = Promise.withResolvers<Exchange>();
      const own = await listen({
        tls,
        host: "127.0.0.1",
        limits: { idleTimeoutMs: 50 },
        handler(exchange) {
          // More than the buffers of both ends hold.
          exchange.respond(200, [], Buffer.alloc(64 << 20));
          asked.resolve(exchange);
        },
      });
      t.after(() => own.close());
      // In between stands one that hands on nothing to the client any more.
      const relay = createServer((client) => {
        const upstream = connect(own.port, "127.0.0.1");
        client.on("error", () => {}).pipe(upstream.on("error", () => {}));
        upstream.on("data", (chunk: Buffer) => void client.write(chunk));
        void asked.promise.then(() => upstream.pause());
        t.after(() => [client, upstream].forEach((each) => each.destroy()));
      }).listen(0, "127.0.0.1");
      t.after(() => relay.close());
      await once(relay, "listening");
      const { port } = relay.address() as { port: number };
      if (protocol === "h1") {
        const request = httpsRequest({ host: "127.0.0.1", port, ca: pki.ca, agent: false });
        request.on("error", () => {}).end();
      } else {
        const settings = { initialWindowSize: 2 ** 31 - 1 };
        const session = connectH2(`https://127.0.0.1:${port}`, { ca: pki.ca, settings });
        session.on("error", () => {}).once("connect", () => session.setLocalWindowSize(2 ** 31 - 1));
        session.request({ ":path": "/" }).on("error", () => {});
        t.after(() => session.destroy());
      }
      const exchange = await asked.promise;
      const gone = new Promise<void>((resolve) => exchange.onClose(resolve));
      exchange.abort();
      await gone;
      while (own.connections() > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    });

  it("lets requests finish when it closes, and breaks what takes too long", async () => {
    const own = await listen({ tls, host: "127.0.0.1", handler: (exchange) => void route(exchange) });
    const agent = new Agent({ keepAlive: true });
    const options = { port: own.port, agent };
    assert.equal((await h1({ path: "/whoami" }, options)).status, 200);
    const slow = h1({ path: "/slow" }, options);
    await new Promise((resolve) => setTimeout(resolve, 30));
    const started = performance.now();
    const closing = own.close(2000);
    const answer = await slow;
    assert.deepEqual([answer.body, answer.headers["connection"]], ["slow", "close"]);
    await closing;
    assert.ok(performance.now() - started < 1500, "no waiting for nothing");
    agent.destroy();

    const other = await listen({ tls, host: "127.0.0.1", handler: (exchange) => void route(exchange) });
    const hanging = h1({ path: "/open" }, { port: other.port });
    hanging.catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 30));
    await other.close(20);
    await assert.rejects(hanging);
    assert.equal(other.connections(), 0);
  });

  it("speaks plain HTTP, and on a descriptor that listens already", async () => {
    const socket = createServer();
    socket.listen(0, "127.0.0.1");
    await once(socket, "listening");
    const script = `
      import { listen } from ${JSON.stringify(new URL("../http.ts", import.meta.url))};
      await listen({ fd: 3, handler: (exchange) => exchange.respond(200, [], Buffer.from("from the descriptor")) });
      process.send("ready");`;
    const { _handle: handle } = socket as unknown as { _handle: object };
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "inherit", "inherit", handle as never, "ipc"],
    });
    try {
      const { port } = socket.address() as { port: number };
      await once(child, "message");
      // Only the child may take the connection.
      socket.close();
      const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: "close" } });
      assert.equal(await answer.text(), "from the descriptor");
    } finally {
      child.kill();
      if (socket.listening) socket.close();
    }
  });
});
