import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { describe, it } from "node:test";
import { setImmediate } from "node:timers/promises";
import { joinStreams } from "./join-streams.ts";

/** A client, a server, and the connection between them that is joined of two. */
async function joined(allowHalfOpen = true): Promise<{ client: Socket; server: Socket; right: Socket; close(): void }> {
  const listeners: Server[] = [];
  const pair = async () => {
    const listener = createServer({ allowHalfOpen }).listen(0, "127.0.0.1");
    listeners.push(listener);
    await once(listener, "listening");
    const { port } = listener.address() as { port: number };
    const far = connect({ port, host: "127.0.0.1", allowHalfOpen });
    const [near] = (await once(listener, "connection")) as [Socket];
    return { far, near };
  };
  const [left, right] = await Promise.all([pair(), pair()]);
  joinStreams(left.near, right.near);
  const close = () => {
    for (const listener of listeners) listener.close();
  };
  return { client: left.far, server: right.far, right: right.near, close };
}

async function read(socket: Socket): Promise<string> {
  let text = "";
  socket.setEncoding("utf8").on("data", (part: string) => (text += part));
  await once(socket, "end");
  return text;
}

describe("two connections that are joined", () => {
  it("lose nothing of what was sent before one closes", async () => {
    const sent: string[] = [];
    let isTaken = () => {};
    const slow = new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, taken) {
        sent.push(chunk.toString());
        isTaken = taken;
      },
    });
    const brief = new Duplex({ read() {}, write: (_chunk, _encoding, taken) => taken() });
    joinStreams(brief, slow);
    for (const part of ["all", "of", "it", null]) brief.push(part);
    brief.end();
    await once(brief, "close");
    while (!slow.writableFinished) {
      isTaken();
      await setImmediate();
    }
    assert.deepEqual(sent, ["all", "of", "it"]);
    slow.push(null);
    if (!slow.closed) await once(slow, "close");
  });

  it("lose nothing of it either where the other side goes on talking", async (t) => {
    const { client, server, right, close } = await joined(false);
    t.after(close);
    const sent = Buffer.alloc(3 << 20, "x");
    client.end(sent);
    // The kernel has all of it by then, and most of that still to send: nobody reads at the far side.
    await once(right, "finish");
    server.write("what nobody reads any more");
    assert.equal((await read(server)).length, sent.length);
    server.end();
    if (!right.closed) await once(right, "close");
  });

  it("lose nothing of what one said before it would hear no more", async (t) => {
    const listener = createServer({ pauseOnConnect: true }).listen(0, "127.0.0.1");
    t.after(() => listener.close());
    await once(listener, "listening");
    const far = connect((listener.address() as { port: number }).port, "127.0.0.1");
    const [near] = (await once(listener, "connection")) as [Socket];
    await new Promise((resolve) => far.write("the end", resolve));
    far.resetAndDestroy();
    await once(far, "close");
    const heard: string[] = [];
    const talker = new Duplex({ read() {}, write: (chunk, _encoding, taken) => taken(void heard.push(`${chunk}`)) });
    talker.push("one more question");
    joinStreams(talker, near);
    talker.once("end", () => assert.fail("nobody ended this half"));
    await once(talker, "finish");
    assert.deepEqual(heard, ["the end"]);
    talker.destroy();
  });

  it("hand on the end of one half", async (t) => {
    const { client, server, close } = await joined();
    t.after(close);
    client.end("question");
    assert.equal(await read(server), "question");
    server.end("answer");
    assert.equal(await read(client), "answer");
  });

  it("both close when one breaks", async (t) => {
    const { client, server, close } = await joined();
    t.after(close);
    client.on("error", () => {});
    server.on("error", () => {});
    server.resetAndDestroy();
    client.resume();
    client.end();
    await new Promise((resolve) => client.once("close", resolve));
  });
});
