/** Messages of HTTP/1.1 as they are read: whole or in any pieces, and by no rule of our own that Node's parser would not share. */
import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { Duplex } from "node:stream";
import { describe, it } from "node:test";
import { createServer } from "@kubets/machinery/node-http";
import fc from "fast-check";
import { BodyDecoder } from "./body-decoder.ts";
import { parseRequestHead, parseResponseHead } from "./head.ts";
import { CHUNKED, UNTIL_CLOSE } from "./message.ts";

const request = (...lines: string[]) => parseRequestHead(`${lines.join("\r\n")}\r\n`);

describe("the head of a request", () => {
  it("is read without what is for the connection alone", () => {
    const head = request(
      "POST /a HTTP/1.1",
      "Host: b",
      "Connection: close, X-Secret",
      "X-Secret: 1",
      "TE: gzip",
      "Keep-Alive: timeout=5",
      "X-Own:  two words\t",
      "Content-Length: 3",
    );
    assert.deepEqual(head, {
      method: "POST",
      target: "/a",
      host: "b",
      headers: ["X-Own", "two words"],
      framing: 3,
      keepAlive: false,
      isHttp10: false,
      upgrade: "",
      expectsContinue: false,
    });
  });

  it("may name its host in its target", () => {
    const head = request("GET http://c.test:81?x HTTP/1.1", "Host: b");
    assert.deepEqual([head.host, head.target], ["c.test:81", "/?x"]);
  });

  it("of HTTP/1.0 keeps the connection only when it says so", () => {
    assert.equal(request("GET / HTTP/1.0").keepAlive, false);
    assert.equal(request("GET / HTTP/1.0", "Connection: keep-alive").keepAlive, true);
  });
});

describe("the head of an answer", () => {
  const answer = (first: string, ...lines: string[]) =>
    parseResponseHead(`${[first, ...lines].join("\r\n")}\r\n`, false);

  it("says how its body ends", () => {
    assert.equal(answer("HTTP/1.1 200 OK", "Content-Length: 3").framing, 3);
    assert.equal(answer("HTTP/1.1 200 OK", "Transfer-Encoding: chunked").framing, CHUNKED);
    assert.equal(answer("HTTP/1.1 200").framing, UNTIL_CLOSE);
    assert.equal(answer("HTTP/1.1 204 No Content").framing, 0);
    assert.equal(answer("HTTP/1.1 304 Not Modified", "Content-Length: 3").framing, 0);
    assert.equal(parseResponseHead("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n", true).framing, 0);
  });

  it("that says it in two ways is refused", () => {
    assert.throws(() => answer("HTTP/1.1 200 OK", "Content-Length: 3", "Transfer-Encoding: chunked"));
    assert.throws(() => answer("HTTP/1.1 200 OK", "Transfer-Encoding: chunked, gzip"));
  });
});

/** Cuts a text at these places. */
function cut(text: string, places: readonly number[]): Buffer[] {
  const all = [...new Set([0, ...places.map((place) => place % (text.length + 1)), text.length])].sort((a, b) => a - b);
  return all.slice(1).map((end, i) => Buffer.from(text.slice(all[i], end), "latin1"));
}

describe("bodies", () => {
  const chunks = fc.array(fc.string({ unit: "binary-ascii", minLength: 1, maxLength: 20 }), { maxLength: 5 });
  const places = fc.array(fc.nat(), { maxLength: 6 });

  it("in chunks come out the same, in whatever pieces they come, and end where they end", () => {
    fc.assert(
      fc.property(chunks, fc.boolean(), places, (parts, trailing, where) => {
        const framed = parts.map((part) => `${part.length.toString(16)};x=y\r\n${part}\r\n`).join("");
        const text = `${framed}0\r\n${trailing ? "X-Sum: 1\r\n" : ""}\r\nNEXT`;
        const decoder = new BodyDecoder(CHUNKED);
        let out = "";
        let rest = "";
        for (const piece of cut(text, where)) {
          const end = decoder.done ? 0 : decoder.push(piece, 0, (data) => (out += data.toString("latin1")));
          rest += piece.toString("latin1", end);
        }
        assert.equal(out, parts.join(""));
        assert.equal(rest, "NEXT");
        assert.deepEqual(decoder.trailers, trailing ? ["X-Sum", "1"] : []);
      }),
    );
  });

  for (const text of [
    "-1\r\n",
    "0x1\r\na\r\n",
    "1\na\r\n",
    "1\r\nab\r\n",
    " 1\r\na\r\n",
    "ffffffffffffffff\r\n",
    "1;\x01\r\na\r\n",
  ])
    it(`in chunks that begin ${JSON.stringify(text)} are refused`, () => {
      assert.throws(() => new BodyDecoder(CHUNKED).push(Buffer.from(text, "latin1"), 0, () => {}));
    });
});

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly host: string;
  readonly own: unknown;
  readonly body: string;
}

/** What Node's own parser makes of it; undefined when it refuses. */
function byNode(text: string): Promise<Seen | undefined> {
  return new Promise((resolve) => {
    const server = createServer({ insecureHTTPParser: false }, (incoming: IncomingMessage) => {
      let body = "";
      incoming.on("data", (data: Buffer) => (body += data.toString("latin1")));
      incoming.on("end", () => {
        const { method, url, headers } = incoming;
        resolve({ method, url, host: headers.host ?? "", own: headers["x-own"] ?? "", body });
      });
      incoming.on("error", () => resolve(undefined));
    });
    server.on("clientError", () => resolve(undefined));
    const socket = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
    server.emit("connection", socket);
    socket.push(Buffer.from(text, "latin1"));
    socket.push(null);
    setImmediate(() => setImmediate(() => resolve(undefined)));
  });
}

/** With where the message ends. */
function byUs(text: string): (Seen & { readonly end: number }) | undefined {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  try {
    const head = parseRequestHead(text.slice(0, end + 2));
    const decoder = new BodyDecoder(head.framing);
    let body = "";
    const rest = Buffer.from(text.slice(end + 4), "latin1");
    const taken = decoder.done ? 0 : decoder.push(rest, 0, (data) => (body += data.toString("latin1")));
    if (!decoder.done) return undefined;
    const { method, target, host, headers } = head;
    return {
      method,
      url: target,
      host,
      own: headers.filter((_, i) => i % 2 === 1 && headers[i - 1]?.toLowerCase() === "x-own").join(", "),
      body,
      end: end + 4 + taken,
    };
  } catch {
    return undefined;
  }
}

describe("what we take", () => {
  const odd = fc.constantFrom(
    " ",
    "\t",
    "\r",
    "\n",
    "\r\n",
    "\0",
    ":",
    ",",
    "\x7f",
    "\xff",
    "a",
    "0",
    "\r\n ",
    "chunked",
    ";",
  );
  const header = fc.constantFrom(
    "Content-Length: 3",
    "Content-Length: 03",
    "Content-Length: 4",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: Chunked",
    "Transfer-Encoding: identity",
    "transfer-encoding:\tchunked",
    "X-Own: a b",
    "X-Own:",
    "Host: b.test",
    "Connection: close",
  );
  const message = fc.record({
    first: fc.constantFrom("GET / HTTP/1.1", "POST /x?y HTTP/1.1", "PUT http://c/ HTTP/1.1", "POST / HTTP/1.0"),
    headers: fc.array(header, { maxLength: 4 }),
    body: fc.constantFrom("", "abc", "abcd", "3\r\nabc\r\n0\r\n\r\n", "3;x\r\nabc\r\n0\r\nX-Own: t\r\n\r\n"),
    damage: fc.array(fc.tuple(fc.nat(), odd), { maxLength: 2 }),
  });

  it("Node's parser takes, too, and reads it as we do, to the same end", async () => {
    await fc.assert(
      fc.asyncProperty(message, async ({ first, headers, body, damage }) => {
        let text = `${[first, "Host: a.test", ...headers].join("\r\n")}\r\n\r\n${body}`;
        for (const [place, what] of damage) {
          const at = place % text.length;
          text = text.slice(0, at) + what + text.slice(at);
        }
        const ours = byUs(text);
        // Methods that Node does not know are some server's own.
        if (!ours || !/^(GET|POST|PUT)$/.test(ours.method ?? "")) return;
        const theirs = await byNode(text.slice(0, ours.end));
        // The authority of a target stands above the Host header for us, and Node leaves both.
        const absolute = /^\w+ http:/.test(text);
        assert.ok(theirs, `only we take ${JSON.stringify(text)}`);
        assert.deepEqual(
          [ours.method, ours.body, ours.own],
          [theirs.method, theirs.body, theirs.own],
          JSON.stringify(text),
        );
        if (!absolute) assert.deepEqual([ours.url, ours.host], [theirs.url, theirs.host], JSON.stringify(text));
      }),
      { numRuns: 5000 },
    );
  });
});
