/**
 * What one client may do to its own connection, and many slow ones to the server: 200 watches, a list of 50 MB and a stream that nobody reads on one
 * connection of HTTP/2; watches that are never read, bodies that come by drops. Everybody else goes on.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2";
import { after, before, describe, it } from "node:test";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { configmaps } from "@kubets/api/generated/refs";
import { MemoryStorage } from "@kubets/storage";
import { startApiServer } from "../api-server.ts";

const PATH = "/api/v1/namespaces/default/configmaps";
const WATCHES = 200;
const LARGE = 56;
/** More than waits for a watch. */
const DROPS = 45;
const MB = 1_000_000;

describe("one connection, and slow ones", { timeout: 120_000 }, () => {
  let server: Awaited<ReturnType<typeof startApiServer>>;
  before(async () => {
    server = await startApiServer(new MemoryStorage({}));
    for (let i = 0; i < LARGE; i++) await write(`large-${i}`, { text: "x".repeat(0.9 * MB) });
  });
  after(() => server.stop());

  const write = (name: string, data: Record<string, string>) =>
    server.client.create(configmaps, {
      metadata: { namespace: "default", name, labels: { size: name.split("-")[0] as string } },
      data,
    });

  function ask(session: ClientHttp2Session, path: string): ClientHttp2Stream {
    const stream = session.request({ ":path": path, authorization: `Bearer ${server.token}` });
    stream.on("error", () => {});
    return stream;
  }

  async function sizeOf(stream: ClientHttp2Stream): Promise<number> {
    let size = 0;
    for await (const part of stream) size += (part as Buffer).length;
    return size;
  }

  it("200 watches, a list of 50 MB and a stream that is not read share a connection", async () => {
    const session = connect(server.url, { rejectUnauthorized: false });
    session.on("error", () => {});
    try {
      const stalled = ask(session, `${PATH}?labelSelector=size%3Dlarge`);
      await once(stalled, "response");
      stalled.pause();
      const seen: Promise<void>[] = [];
      const begun = Array.from({ length: WATCHES }, async () => {
        const stream = ask(session, `${PATH}?watch=1&labelSelector=size%3Dsmall`);
        const [headers] = (await once(stream, "response")) as [Record<string, unknown>];
        assert.equal(headers[":status"], 200);
        seen.push(saw(stream, "small-1"));
      });
      await Promise.all(begun);
      const list = sizeOf(ask(session, PATH));
      await write("small-1", {});
      await Promise.all(seen);
      assert.ok((await list) > 50 * 1e6);
      assert.equal(await sizeOf(ask(session, "/readyz")), 2);
      const rest = sizeOf(stalled);
      stalled.resume();
      assert.ok((await rest) > 10 * 1e6, "the stalled stream goes on where it stood");
    } finally {
      session.destroy();
    }
  });

  async function saw(stream: ClientHttp2Stream, text: string): Promise<void> {
    let rest = "";
    for await (const part of stream) {
      rest += String(part);
      if (rest.includes(text)) return;
    }
    assert.fail(`the watch ended without ${text}`);
  }

  it("watches that nobody reads, and bodies that come by drops, hold nobody else up", async () => {
    const sockets: TLSSocket[] = [];
    const open = async (head: string) => {
      const socket = connectTls({ port: Number(new URL(server.url).port), rejectUnauthorized: false });
      socket.on("error", () => {});
      await once(socket, "secureConnect");
      socket.write(`${head}\r\nHost: a\r\nAuthorization: Bearer ${server.token}\r\n`);
      socket.pause();
      sockets.push(socket);
      return socket;
    };
    try {
      for (let i = 0; i < 100; i++)
        (await open(`GET ${PATH}?watch=1&labelSelector=size%3Ddrop HTTP/1.1`)).write("\r\n");
      const readers = sockets.length;
      for (let i = 0; i < 50; i++)
        (await open(`POST ${PATH} HTTP/1.1`)).write("Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{");
      for (let i = 0; i < DROPS; i++) {
        await write(`drop-${i}`, { text: "y".repeat(0.9 * MB) });
        for (const socket of sockets.slice(readers)) socket.write(" ");
      }
      const found = await server.client.get(configmaps, { namespace: "default", name: `drop-${DROPS - 1}` });
      assert.equal(found.data?.["text"]?.length, 0.9 * MB);
      const letGo = /^apiserver_terminated_watchers_total\{.*"configmaps"\} (\d+)$/m;
      const metrics = await server.overHttps.request({ method: "GET", path: "/metrics" });
      const told = letGo.exec(Buffer.from(await metrics.bytes()).toString())?.[1];
      assert.ok(Number(told) > 0, "who does not read is let go");
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  });
});
