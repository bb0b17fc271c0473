/** TLS with its names, WebSocket, HTTP/2 and gRPC through a running ingress. */
import assert from "node:assert/strict";
import { once } from "node:events";
import {
  type ClientHttp2Session,
  connect as connectH2,
  createServer as createH2Server,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { connect } from "node:net";
import { after, before, describe, it } from "node:test";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import { certificateToPem, createAuthority, createKey, issueCertificate, keyToPem, validFor } from "@kubets/wire/x509";
import { ask, serve, type TestServer } from "../testing/ask.ts";
import { Fixture } from "../testing/fixture.ts";

const dates = validFor(Date.now(), 10);
const authority = createAuthority({ commonName: "test-ca", key: createKey(), ...dates });

function certificateFor(...dnsNames: string[]): { "tls.crt": string; "tls.key": string } {
  const key = createKey();
  const made = issueCertificate(authority, {
    commonName: dnsNames[0] as string,
    publicKey: key,
    dnsNames,
    extendedUsages: ["serverAuth"],
    ...dates,
  });
  return { "tls.crt": certificateToPem(made), "tls.key": keyToPem(key) };
}

const TLS = "kubernetes.io/tls";

describe("TLS", () => {
  const fixture = new Fixture();
  let server: TestServer;
  before(async () => {
    await fixture.start();
    server = await serve();
    await fixture.service("web", [server.port]);
    await fixture.secret("one", certificateFor("one.test"), TLS);
    await fixture.secret("stars", certificateFor("*.stars.test"), TLS);
    await fixture.secret("broken", { "tls.crt": "nothing" }, TLS);
    const tls = [{ hosts: ["one.test"], secretName: "one" }];
    await fixture.ingress({ name: "one", host: "one.test", tls });
    await fixture.ingress({
      name: "stars",
      host: "*.stars.test",
      tls: [{ hosts: ["*.stars.test"], secretName: "stars" }],
    });
    await fixture.ingress({
      name: "broken",
      host: "broken.test",
      tls: [{ hosts: ["broken.test"], secretName: "broken" }],
    });
  });
  after(async () => {
    await fixture.end();
    await server.close();
  });

  /** The name in the certificate that is shown. */
  const shown = async (servername: string): Promise<string> => {
    const socket = connectTls({
      port: fixture.httpsPort,
      host: "127.0.0.1",
      rejectUnauthorized: false,
      ...(servername && { servername }),
    });
    await once(socket, "secureConnect");
    const { subject } = socket.getPeerCertificate();
    socket.destroy();
    return String(subject.CN);
  };

  it("shows each name its certificate, and its own to all others", async () => {
    assert.equal(await shown("one.test"), "one.test");
    assert.equal(await shown("a.stars.test"), "*.stars.test");
    for (const other of ["a.b.stars.test", "other.test", "broken.test", ""])
      assert.match(await shown(other), /^ingress\.local@/);
  });

  it("shows a new certificate to new connections as soon as the secret changes, while old ones go on", async () => {
    const old = connectTls({
      port: fixture.httpsPort,
      host: "127.0.0.1",
      rejectUnauthorized: false,
      servername: "one.test",
    });
    await once(old, "secureConnect");
    await fixture.secret("one", certificateFor("new.test", "one.test"), TLS);
    assert.equal(await shown("one.test"), "new.test");
    old.write("GET / HTTP/1.1\r\nHost: one.test\r\nConnection: close\r\n\r\n");
    let answer = "";
    for await (const chunk of old as AsyncIterable<Buffer>) answer += chunk.toString();
    assert.match(answer, /^HTTP\/1.1 200 /);
    assert.match(answer, /"x-forwarded-proto":"https"/);
  });

  it("leads hosts that have TLS to it, and only those", async () => {
    const { status, headers } = await ask(fixture.port, "/a?b", { headers: { host: "one.test:8080" } });
    assert.deepEqual([status, headers.location], [308, `https://one.test:${fixture.httpsPort}/a?b`]);
    await fixture.ingress({ name: "plain", host: "plain.test" });
    assert.equal((await ask(fixture.port, "/", { headers: { host: "plain.test" } })).status, 200);
    await fixture.ingress({
      name: "one",
      host: "one.test",
      tls: [{ hosts: ["one.test"], secretName: "one" }],
      annotations: { "ssl-redirect": "false" },
    });
    assert.equal((await ask(fixture.port, "/", { headers: { host: "one.test" } })).status, 200);
  });
});

describe("WebSocket", () => {
  const fixture = new Fixture();
  let server: TestServer;
  before(async () => {
    await fixture.start();
    server = await serve();
    server.server.on("upgrade", (request, socket: Socket, head: Buffer) => {
      if (request.url === "/no") {
        socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
        return;
      }
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: ${request.headers.upgrade}\r\nConnection: Upgrade\r\n\r\nearly `,
      );
      socket.write(head);
      socket.pipe(socket);
    });
    await fixture.service("web", [server.port]);
    await fixture.ingress({});
  });
  after(async () => {
    await fixture.end();
    await server.close();
  });

  const upgrade = (path: string) =>
    `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n`;

  it("becomes one connection both ways, with what came early", async () => {
    const socket = connect({ port: fixture.port, host: "127.0.0.1" });
    socket.write(`${upgrade("/")}first `);
    let read = "";
    socket.on("data", (chunk: Buffer) => {
      read += chunk.toString();
    });
    await fixture.until(() => read.endsWith("first "));
    socket.write("second");
    await fixture.until(() => read.endsWith("second"));
    const [head, body] = read.split("\r\n\r\n");
    assert.match(head ?? "", /^HTTP\/1.1 101 Switching Protocols\r\n/);
    assert.match(head ?? "", /upgrade: websocket/i);
    assert.equal(body, "early first second");
    socket.end();
    await once(socket, "close");
  });

  it("outlives a change of the routes", async () => {
    const socket = connect({ port: fixture.port, host: "127.0.0.1" });
    socket.write(upgrade("/"));
    let read = "";
    socket.on("data", (chunk: Buffer) => {
      read += chunk.toString();
    });
    await fixture.until(() => read.includes("early"));
    await fixture.ingress({ annotations: { "app-root": "/x" } });
    await fixture.removeIngress("a");
    socket.write("still here");
    await fixture.until(() => read.endsWith("still here"));
    socket.destroy();
    await fixture.ingress({});
  });

  it("passes on a refusal as the answer that it is", async () => {
    const refused = await ask(fixture.port, "/no", { headers: { connection: "Upgrade", upgrade: "websocket" } });
    assert.deepEqual([refused.status, refused.body], [403, "no"]);
  });

  it("makes no tunnel of HTTP/2 in plain text", async () => {
    const { body } = await ask(fixture.port, "/", {
      headers: { connection: "Upgrade, HTTP2-Settings", upgrade: "h2c", "http2-settings": "x" },
    });
    assert.equal(
      /upgrade|http2-settings/.exec(JSON.stringify((JSON.parse(body) as { headers: object }).headers)),
      null,
    );
  });
});

interface H2Answer {
  readonly headers: IncomingHttpHeaders & { ":status"?: number };
  readonly trailers: IncomingHttpHeaders;
  readonly body: string;
}

function askH2(session: ClientHttp2Session, headers: Record<string, string>, body?: string): Promise<H2Answer> {
  return new Promise((resolve, reject) => {
    const stream = session.request(headers, { endStream: body === undefined });
    let text = "";
    let answer: H2Answer["headers"] = {};
    let trailers: IncomingHttpHeaders = {};
    stream
      .on("response", (got) => (answer = got))
      .on("data", (chunk: Buffer) => (text += chunk.toString()))
      .on("trailers", (got) => (trailers = got))
      .on("end", () => resolve({ headers: answer, trailers, body: text }))
      .on("error", reject);
    if (body !== undefined) stream.end(body);
  });
}

describe("HTTP/2", () => {
  const fixture = new Fixture();
  let plain: TestServer;
  let grpc: Http2Server;
  let session: ClientHttp2Session;
  before(async () => {
    await fixture.start();
    plain = await serve();
    grpc = createH2Server();
    grpc.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
      if (headers[":path"] === "/only") {
        stream.respond({ ":status": 200, "content-type": "application/grpc", "grpc-status": "5" }, { endStream: true });
        return;
      }
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0", te: String(headers["te"]) }));
      stream.pipe(stream);
    });
    grpc.listen(0, "0.0.0.0");
    await once(grpc, "listening");
    await fixture.service("web", [plain.port]);
    await fixture.service("grpc", [(grpc.address() as AddressInfo).port]);
    await fixture.ingress({ name: "web", host: "web.test" });
    await fixture.ingress({
      name: "grpc",
      host: "grpc.test",
      paths: [{ service: "grpc" }],
      annotations: { "backend-protocol": "GRPC" },
    });
    session = connectH2(`https://127.0.0.1:${fixture.httpsPort}`, { rejectUnauthorized: false });
  });
  after(async () => {
    session.destroy();
    await fixture.end();
    await plain.close();
    grpc.close();
  });

  it("is spoken to clients, with servers of HTTP/1.1 behind", async () => {
    const { headers, body } = await askH2(
      session,
      { ":method": "POST", ":path": "/a?b", ":authority": "web.test", cookie: "a=1" },
      "hello",
    );
    assert.equal(headers[":status"], 200);
    const seen = JSON.parse(body) as { url: string; body: string; headers: Record<string, string> };
    assert.deepEqual(
      [seen.url, seen.body, seen.headers["host"], seen.headers["cookie"]],
      ["/a?b", "hello", "web.test", "a=1"],
    );
  });

  it("answers many requests of one connection at the same time", async () => {
    const paths = Array.from({ length: 50 }, (_, i) => `/${i}`);
    const answers = await Promise.all(paths.map((path) => askH2(session, { ":path": path, ":authority": "web.test" })));
    assert.deepEqual(
      answers.map(({ body }) => (JSON.parse(body) as { url: string }).url),
      paths,
    );
  });

  it("passes gRPC through, streams both ways, with its trailers", async () => {
    const stream = session.request({
      ":method": "POST",
      ":path": "/pkg.Service/Chat",
      ":authority": "grpc.test",
      te: "trailers",
      "content-type": "application/grpc",
    });
    const told = once(stream, "trailers") as Promise<[IncomingHttpHeaders]>;
    const read: string[] = [];
    stream.on("data", (chunk: Buffer) => read.push(chunk.toString()));
    for (const message of ["one", "two"]) {
      stream.write(message);
      await fixture.until(() => read.join("").endsWith(message));
    }
    stream.end();
    const [trailers] = await told;
    assert.deepEqual([trailers["grpc-status"], trailers["te"]], ["0", "trailers"]);
  });

  it("passes on an answer that is a head alone as that", async () => {
    const stream = session.request({ ":method": "POST", ":path": "/only", ":authority": "grpc.test" });
    const [headers, flags] = (await once(stream, "response")) as [IncomingHttpHeaders, number];
    stream.resume();
    assert.equal(headers["grpc-status"], "5");
    assert.equal(flags & 1, 1);
    stream.close();
  });

  it("asks servers that want TLS by TLS", async () => {
    const { "tls.crt": cert, "tls.key": key } = certificateFor("inner.test");
    const server = createTlsServer({ cert, key }, (socket) => {
      socket.once("data", () => socket.end(`HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nsecure`));
      socket.on("error", () => {});
    });
    server.listen(0, "0.0.0.0");
    await once(server, "listening");
    await fixture.service("inner", [(server.address() as AddressInfo).port]);
    await fixture.ingress({
      name: "inner",
      host: "inner.test",
      paths: [{ service: "inner" }],
      annotations: { "backend-protocol": "HTTPS" },
    });
    assert.equal((await ask(fixture.port, "/", { headers: { host: "inner.test" } })).body, "secure");
    server.close();
  });
});
