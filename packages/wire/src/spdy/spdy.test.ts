import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { Duplex, duplexPair } from "node:stream";
import { text } from "node:stream/consumers";
import { after, before, describe, it } from "node:test";
import { constants, createDeflate, type Deflate } from "node:zlib";
import { type Exchange, type Listener, listen } from "../http.ts";
import {
  acceptSpdy,
  chooseSpdyProtocol,
  openSpdy,
  type SessionStream,
  SPDY_COMMAND_PROTOCOLS,
  type StreamSession,
  spdySession,
} from "../spdy.ts";
import { testPki } from "../testing/certificates.ts";
import { SPDY_DICTIONARY } from "./dictionary.ts";
import { CONTROL, controlFrame, dataHead, FIN } from "./frames.ts";
import { headerReader, headerWriter, uint32 } from "./headers.ts";

const pki = testPki();
let server: Listener;

async function shell(session: StreamSession): Promise<void> {
  const streams = new Map<string, SessionStream>();
  await new Promise<void>((resolve) =>
    session.onStream((stream) => {
      streams.set(stream.headers.streamtype, stream);
      if (streams.size === 3) resolve();
    }),
  );
  const input = await text(streams.get("stdin") as SessionStream);
  streams.get("stdout")?.end(input.toUpperCase());
  streams.get("error")?.end("done");
  session.close();
}

function serve(exchange: Exchange): void {
  const { upgrade } = exchange;
  const protocol = upgrade && chooseSpdyProtocol(upgrade, SPDY_COMMAND_PROTOCOLS);
  if (!upgrade || !protocol) exchange.respond(403, [], Buffer.from("unsupported"));
  else void shell(acceptSpdy(upgrade, protocol));
}

before(async () => {
  server = await listen({ tls: pki.server, host: "127.0.0.1", handler: serve });
});
after(() => server.close());

const pair = (): [StreamSession, StreamSession] => {
  const [a, b] = duplexPair();
  return [spdySession(a, { side: "client", protocol: "x" }), spdySession(b, { side: "server", protocol: "x" })];
};

describe("SPDY", () => {
  it("runs a command over an upgraded connection", async () => {
    const session = await openSpdy({
      url: `https://localhost:${server.port}/exec`,
      ca: pki.ca,
      protocols: ["v9.channel.k8s.io", "v4.channel.k8s.io"],
    });
    assert.equal(session.protocol, "v4.channel.k8s.io");
    const error = session.open({ streamtype: "error" });
    const stdin = session.open({ streamtype: "stdin" });
    const stdout = session.open({ streamtype: "stdout" });
    stdin.end("hello ".repeat(50_000));
    const [output, status] = await Promise.all([text(stdout), text(error)]);
    assert.equal(output, "HELLO ".repeat(50_000));
    assert.equal(status, "done");
    assert.equal(await session.closed, undefined);
  });

  it("says when it is refused", async () => {
    const refused = openSpdy({
      url: `https://localhost:${server.port}/exec`,
      ca: pki.ca,
      protocols: ["v9.channel.k8s.io"],
    });
    await assert.rejects(refused, { name: "UpgradeRefusedError", status: 403, body: Buffer.from("unsupported") });
  });

  it("keeps streams of many forwarded connections apart", async () => {
    const [client, echo] = pair();
    echo.onStream((stream) => {
      if (stream.headers.streamtype === "data") stream.pipe(stream);
      else stream.end();
    });
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        const headers = { port: "80", requestid: String(i) };
        const error = client.open({ streamtype: "error", ...headers });
        const data = client.open({ streamtype: "data", ...headers });
        error.end();
        data.end(`request ${i}`);
        return [await text(data), await text(error)];
      }),
    );
    assert.deepEqual(answers[7], ["request 7", ""]);
    client.close();
    assert.equal(await echo.closed, undefined);
  });

  it("tells the other side of a stream that is destroyed, and of the end of all", async () => {
    const [client, other] = pair();
    const seen = new Promise<SessionStream>((resolve) => other.onStream(resolve));
    const stream = client.open({ streamtype: "data" });
    const theirs = await seen;
    stream.destroy();
    theirs.resume();
    await new Promise((resolve) => theirs.once("close", resolve));
    assert.ok(theirs.readableEnded);
    const second = client.open({ streamtype: "data" });
    other.destroy(new Error("gone"));
    assert.match(String(await other.closed), /gone/);
    client.destroy();
    await client.closed;
    assert.ok(second.readableEnded || second.destroyed || second.readable);
  });

  it("stops reading while a stream is full", async () => {
    const [client, other] = pair();
    const seen = new Promise<SessionStream>((resolve) => other.onStream(resolve));
    const stream = client.open({ streamtype: "data" });
    const theirs = await seen;
    let taken = 0;
    for (let i = 0; i < 100; i++) stream.write(Buffer.alloc(100_000), () => taken++);
    stream.end();
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.ok(taken < 40, `${taken} of 100 were taken with nobody reading`);
    let size = 0;
    for await (const chunk of theirs) size += (chunk as Buffer).length;
    assert.equal(size, 10_000_000);
    client.destroy();
  });

  for (const ending of ["end", "reset"] as const)
    it(`loses nothing of what came right before the connection's ${ending}`, async () => {
      const reply = headerWriter();
      const peer = createServer((socket) => {
        socket.on("error", () => {});
        socket.once("data", () => {
          const answers = [1, 3].map((id) => controlFrame(CONTROL.synReply, 0, uint32(id), reply({})));
          socket.write(Buffer.concat([...answers, dataHead(1, 0, 5), Buffer.from("words"), dataHead(3, 0, 0)]), () =>
            ending === "end" ? socket.end() : socket.resetAndDestroy(),
          );
        });
      }).listen(0, "127.0.0.1");
      await once(peer, "listening");
      try {
        const connection = connect((peer.address() as AddressInfo).port, "127.0.0.1");
        const session = spdySession(connection, { side: "client", protocol: "x" });
        const [said, other] = [session.open({ streamtype: "stdout" }), session.open({ streamtype: "error" })];
        let heard = "";
        said.on("data", (chunk: Buffer) => (heard += chunk.toString()));
        await session.closed;
        assert.equal(heard, "words");
        assert.equal(other.destroyed, ending === "reset");
      } finally {
        peer.close();
      }
    });

  it("loses nothing of what came before a write failed", async (t) => {
    const listener = createServer({ pauseOnConnect: true }).listen(0, "127.0.0.1");
    t.after(() => listener.close());
    await once(listener, "listening");
    const far = connect((listener.address() as AddressInfo).port, "127.0.0.1");
    const [near] = (await once(listener, "connection")) as [Socket];
    const reply = controlFrame(CONTROL.synReply, 0, uint32(1), headerWriter()({}));
    await new Promise((resolve) => far.write(Buffer.concat([reply, dataHead(1, 0, 5), Buffer.from("words")]), resolve));
    far.resetAndDestroy();
    await once(far, "close");
    const session = spdySession(near, { side: "client", protocol: "x" });
    near.resume();
    const said = session.open({ streamtype: "error" });
    assert.equal(await text(said), "words");
    await session.closed;
  });

  it("reads headers that were compressed with the dictionary, block after block", async () => {
    const deflate = createDeflate({ dictionary: SPDY_DICTIONARY });
    const reader = headerReader();
    for (const value of ["stdin", "stdout"]) {
      const name = "streamtype";
      const plain = Buffer.concat([
        uint32(1),
        uint32(name.length),
        Buffer.from(name),
        uint32(value.length),
        Buffer.from(value),
      ]);
      assert.deepEqual(await reader.read(await flushed(deflate, plain)), { streamtype: value });
    }
    reader.close();
  });

  it("writes headers that any inflater reads", async () => {
    const [write, reader] = [headerWriter(), headerReader()];
    const blocks: Record<string, string>[] = [{ streamtype: "data", port: "80" }, {}, { requestid: "x".repeat(1000) }];
    for (const headers of blocks) {
      const block = write(headers);
      assert.deepEqual(await reader.read(block), headers);
      // Without the empty block at the end, kubectl waits for the rest of the headers for ever.
      assert.equal(block.subarray(-5).toString("hex"), "000000ffff");
    }
    reader.close();
  });

  it("answers pings, takes frames cut anywhere, and ends what is no SPDY", async () => {
    const [raw, b] = duplexPair();
    const session = spdySession(b, { side: "server", protocol: "x" });
    const seen = new Promise<SessionStream>((resolve) => session.onStream(resolve));
    const bytes = Buffer.concat([
      controlFrame(CONTROL.settings, 0, uint32(0)),
      controlFrame(CONTROL.ping, 0, uint32(7)),
      controlFrame(
        CONTROL.synStream,
        0,
        uint32(1),
        uint32(0),
        Buffer.alloc(2),
        headerWriter()({ streamtype: "stdin" }),
      ),
      dataHead(1, FIN, 3),
      Buffer.from("abc"),
    ]);
    for (const byte of bytes) raw.write(Buffer.of(byte));
    assert.equal(await text(await seen), "abc");
    const answer = (raw.read() as Buffer).subarray(0, 12);
    assert.deepEqual(answer, controlFrame(CONTROL.ping, 0, uint32(7)));
    raw.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    raw.write(Buffer.from("8002000100000000", "hex"));
    raw.end(Buffer.alloc(0x600000, 0x80));
    assert.ok((await session.closed) instanceof Error);
    Duplex.prototype.destroy.call(raw);
  });
});

function flushed(deflate: Deflate, plain: Buffer): Promise<Buffer> {
  const chunks: Buffer[] = [];
  deflate.on("data", (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve) => {
    deflate.write(plain);
    deflate.flush(constants.Z_SYNC_FLUSH, () =>
      setImmediate(() => {
        deflate.removeAllListeners("data");
        resolve(Buffer.concat(chunks));
      }),
    );
  });
}
