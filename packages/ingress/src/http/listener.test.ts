/** Clients that are slow, leave or stay too long. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, describe, it } from "node:test";
import { askRaw } from "../testing/ask.ts";
import { type Incoming, reply } from "./incoming.ts";
import { type Listener, type ListenerOptions, listen } from "./listener.ts";

describe("a listener", () => {
  let listener: Listener | undefined;
  afterEach(() => listener?.close());

  const start = async (options: Partial<ListenerOptions> = {}): Promise<number> => {
    const handler = (incoming: Incoming) => reply(incoming, 200, [], "ok");
    listener = await listen({ host: "127.0.0.1", port: 0, handler, ...options });
    return listener.port;
  };
  const open = async (port: number): Promise<Socket> => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.on("error", () => {});
    await once(socket, "connect");
    return socket;
  };

  /** Also when it is reset, since the server has not read all that was sent. */
  const closed = (socket: Socket) => new Promise((resolve) => socket.once("close", resolve));

  it("lets clients go that do not come to the end of their head, however they hurry", async () => {
    const socket = await open(await start({ limits: { headMs: 60 } }));
    socket.write("GET / HTTP/1.1\r\nX: ");
    const drip = setInterval(() => socket.write("a"), 5);
    await closed(socket);
    clearInterval(drip);
  });

  it("lets clients go that have nothing to ask", async () => {
    const socket = await open(await start({ limits: { idleMs: 20 } }));
    await closed(socket);
  });

  it("lets clients go that stop in the middle of a body", async () => {
    const handler = ({ body }: Incoming) => body?.flow({ data() {}, end() {}, failed() {} });
    const socket = await open(await start({ limits: { bodyMs: 20 }, handler }));
    socket.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
    await closed(socket);
  });

  it("asks for a body that a client holds back until it is asked", async () => {
    const handler = (incoming: Incoming) => {
      let text = "";
      incoming.body?.flow({
        data: (chunk) => (text += chunk.toString()),
        end: () => reply(incoming, 200, [], text),
        failed() {},
      });
    };
    const socket = await open(await start({ handler }));
    socket.write("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n");
    const [first] = (await once(socket, "data")) as [Buffer];
    assert.equal(first.toString(), "HTTP/1.1 100 Continue\r\n\r\n");
    socket.write("abc");
    let answer = "";
    for await (const chunk of socket as AsyncIterable<Buffer>) answer += chunk.toString();
    assert.match(answer, /^HTTP\/1.1 200 OK\r\n[^]*\r\n\r\nabc$/);
  });

  it("answers before a body has come, and then reads nothing more from that connection", async () => {
    const seen: string[] = [];
    const handler = (incoming: Incoming) => {
      seen.push(incoming.head.target);
      reply(incoming, 413, [], "");
    };
    const answer = await askRaw(
      await start({ handler }),
      "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 40\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
    );
    assert.match(answer, /^HTTP\/1.1 413 /);
    assert.match(answer, /\r\nConnection: close\r\n/);
    assert.deepEqual(seen, ["/1"]);
  });

  it("speaks HTTP/1.0 to those who do", async () => {
    const port = await start();
    assert.match(await askRaw(port, "GET / HTTP/1.0\r\n\r\n"), /Connection: close\r\n\r\nok$/);
  });

  it("lets requests finish when it closes, and says that the connection ends", async () => {
    const waiting = Promise.withResolvers<Incoming>();
    const port = await start({ handler: waiting.resolve });
    const idle = await open(port);
    const busy = await open(port);
    busy.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    const incoming = await waiting.promise;
    const closed = listener?.close(10_000);
    await once(idle.resume(), "close");
    reply(incoming, 200, [], "done");
    let answer = "";
    for await (const chunk of busy as AsyncIterable<Buffer>) answer += chunk.toString();
    assert.match(answer, /Connection: close\r\n\r\ndone$/);
    await closed;
  });
});
