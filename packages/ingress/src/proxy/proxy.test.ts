/** Requests through a running ingress: what reaches the servers behind it, and what comes back. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { ask, askRaw, serve, type TestServer } from "../testing/ask.ts";
import { Fixture } from "../testing/fixture.ts";

interface Echo {
  readonly name: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const echoOf = ({ body }: { body: string }): Echo => JSON.parse(body) as Echo;

describe("a running ingress", () => {
  const fixture = new Fixture();
  const servers: TestServer[] = [];
  const server = async (...args: Parameters<typeof serve>) => {
    const started = await serve(...args);
    servers.push(started);
    return started;
  };
  before(async () => {
    await fixture.start();
    await fixture.service("web", [(await server(undefined, "web")).port]);
  });
  afterEach(async () => {
    for (const { key } of fixture.running.following.routes.all())
      await fixture.removeIngress(key.split("/")[1] as string);
  });
  after(async () => {
    await fixture.end();
    for (const each of servers) await each.close();
  });

  it("passes a request on, and says from whom it is", async () => {
    await fixture.ingress({ host: "shop.test" });
    const answer = await ask(fixture.port, "/a%20b?c=d", {
      headers: { host: "Shop.test:8080", "x-own": "1", "x-forwarded-for": "6.6.6.6" },
    });
    const { method, url, headers } = echoOf(answer);
    assert.deepEqual({ status: answer.status, method, url }, { status: 200, method: "GET", url: "/a%20b?c=d" });
    assert.equal(headers["host"], "Shop.test:8080");
    assert.equal(headers["x-own"], "1");
    assert.equal(headers["x-forwarded-for"], "127.0.0.1");
    assert.equal(headers["x-original-forwarded-for"], "6.6.6.6");
    assert.equal(headers["x-forwarded-proto"], "http");
    assert.match(headers["x-request-id"] ?? "", /^[\da-f]{32}$/);
  });

  it("answers 404 where nothing is, and 503 where nobody serves", async () => {
    await fixture.ingress({ host: "shop.test", paths: [{ path: "/a" }, { path: "/none", service: "none" }] });
    assert.equal((await ask(fixture.port, "/", { headers: { host: "other.test" } })).status, 404);
    assert.equal((await ask(fixture.port, "/b", { headers: { host: "shop.test" } })).status, 404);
    assert.equal((await ask(fixture.port, "/none", { headers: { host: "shop.test" } })).status, 503);
  });

  it("takes bodies by length and by chunks, small and large, both ways", async () => {
    await fixture.ingress({ annotations: { "proxy-body-size": "0" } });
    const large = "x".repeat(3_000_000);
    for (const body of ["", "small", large]) {
      const whole = await ask(fixture.port, "/", { method: "POST", body, headers: { "content-length": body.length } });
      assert.equal(echoOf(whole).body, body);
      const chunked = await ask(fixture.port, "/", {
        method: "POST",
        body,
        headers: { "transfer-encoding": "chunked" },
      });
      assert.equal(echoOf(chunked).body, body);
    }
  });

  it("refuses bodies that are larger than allowed, however they come", async () => {
    await fixture.ingress({ annotations: { "proxy-body-size": "1k" } });
    const body = "x".repeat(2000);
    const whole = await ask(fixture.port, "/", { method: "POST", body, headers: { "content-length": body.length } });
    assert.equal(whole.status, 413);
    const chunked = await ask(fixture.port, "/", { method: "POST", body, headers: { "transfer-encoding": "chunked" } });
    assert.equal(chunked.status, 413);
  });

  it("keeps connections and answers pipelined requests in order", async () => {
    await fixture.ingress({});
    const one = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n";
    const last = "GET /3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    const answers = await askRaw(fixture.port, `${one}${one.replace("1", "2")}${last}`);
    assert.deepEqual(
      [...answers.matchAll(/"url":"(\/\d)"/g)].map(([, url]) => url),
      ["/1", "/2", "/3"],
    );
  });

  it("passes on HEAD, 204, 304 and answers without a length", async () => {
    const odd = await server((request, response) => {
      if (request.url === "/204") response.writeHead(204).end();
      else if (request.url === "/304") response.writeHead(304, { etag: '"a"' }).end();
      else response.writeHead(200, { "content-length": 5 }).end("hello");
    });
    await fixture.service("odd", [odd.port]);
    await fixture.ingress({ paths: [{ service: "odd" }] });
    const head = await ask(fixture.port, "/", { method: "HEAD" });
    assert.deepEqual([head.status, head.headers["content-length"], head.body], [200, "5", ""]);
    assert.equal((await ask(fixture.port, "/204")).status, 204);
    assert.equal((await ask(fixture.port, "/304")).headers.etag, '"a"');
  });

  it("refuses what can be read in two ways", async () => {
    await fixture.ingress({});
    const refused = async (text: string) => (await askRaw(fixture.port, text)).split("\r\n")[0];
    const post = "POST / HTTP/1.1\r\nHost: a\r\n";
    for (const text of [
      `${post}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      `${post}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`,
      `${post}Content-Length: +3\r\n\r\nabc`,
      `${post}Content-Length : 3\r\n\r\nabc`,
      `${post}X: a\n b\r\n\r\n`,
      `${post}X: a\r\n folded\r\n\r\n`,
      "GET / HTTP/1.1\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
      "GET http:/a HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /../etc/passwd HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
      "GET /%zz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    ])
      assert.equal(await refused(text), "HTTP/1.1 400 Bad Request", JSON.stringify(text));
    assert.match((await refused(`${post}Transfer-Encoding: gzip, chunked\r\n\r\n`)) ?? "", / 501 /);
    assert.match((await refused(`${post}X: ${"a".repeat(40_000)}\r\n\r\n`)) ?? "", / 431 /);
  });

  it("asks another server when one is gone", async () => {
    const gone = await server();
    await gone.close();
    const there = await server(undefined, "there");
    await fixture.service("half", [gone.port, there.port]);
    await fixture.ingress({ paths: [{ service: "half" }] });
    for (let i = 0; i < 6; i++) {
      const answer = await ask(fixture.port, "/", { method: "POST", body: "once" });
      assert.deepEqual([echoOf(answer).name, echoOf(answer).body], ["there", "once"]);
    }
  });

  it("asks again when a connection that was idle is gone, and not when a POST may have been seen", async () => {
    let asked = 0;
    const fickle = await server((request, response) => {
      asked++;
      if (request.url === "/end") request.socket.destroy();
      else response.end("ok");
    });
    await fixture.service("fickle", [fickle.port]);
    await fixture.ingress({ paths: [{ service: "fickle" }] });
    assert.equal((await ask(fixture.port, "/")).body, "ok");
    fickle.server.closeIdleConnections();
    assert.equal((await ask(fixture.port, "/")).body, "ok");
    asked = 0;
    assert.equal((await ask(fixture.port, "/end", { method: "POST", body: "x" })).status, 502);
    assert.equal(asked, 1);
  });

  it("says in time that a server does not answer", async () => {
    const silent = await server(() => {});
    await fixture.service("silent", [silent.port]);
    await fixture.ingress({
      paths: [{ service: "silent" }],
      annotations: { "proxy-read-timeout": "20ms", "proxy-next-upstream-tries": "1" },
    });
    assert.equal((await ask(fixture.port, "/")).status, 504);
  });

  it("lets go of a request whose client has gone", async () => {
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const { promise: came, resolve: arrived } = Promise.withResolvers<void>();
    const waiting = await server((request) => {
      request.socket.on("close", () => resolve());
      arrived();
    });
    await fixture.service("waiting", [waiting.port]);
    await fixture.ingress({ paths: [{ service: "waiting" }] });
    const abort = new AbortController();
    const asked = ask(fixture.port, "/", { signal: abort.signal });
    await came;
    abort.abort();
    await assert.rejects(asked);
    await closed;
  });

  it("keeps back what a reader does not take", async () => {
    const size = 40_000_000;
    let written = 0;
    const big = await server((_request, response) => {
      response.writeHead(200, { "content-length": size });
      const chunk = Buffer.alloc(100_000, "y");
      const more = () => {
        while (written < size) {
          written += chunk.length;
          if (!response.write(chunk)) {
            response.once("drain", more);
            return;
          }
        }
        response.end();
      };
      more();
    });
    await fixture.service("big", [big.port]);
    await fixture.ingress({ paths: [{ service: "big" }] });
    const { connect } = await import("node:net");
    const socket = connect({ port: fixture.port, host: "127.0.0.1" });
    socket.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    let read = 0;
    let heldAt = 0;
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      // The first read waits until the other end has stopped writing.
      if (read === 0)
        for (let before = -1; before !== written; ) {
          before = written;
          await new Promise((done) => setTimeout(done, 50));
          heldAt = written;
        }
      read += chunk.length;
    }
    assert.ok(heldAt < size, "it was held back");
    assert.ok(read > size);
  });

  it("changes routes under requests that are under way", async () => {
    const { promise: came, resolve: arrived } = Promise.withResolvers<void>();
    let finish = () => {};
    const slow = await server((_request, response) => {
      finish = () => response.end("slow but whole");
      arrived();
    });
    await fixture.service("slow", [slow.port]);
    await fixture.ingress({ paths: [{ service: "slow" }] });
    const asked = ask(fixture.port, "/");
    await came;
    await fixture.ingress({ paths: [{ service: "web" }] });
    assert.equal(echoOf(await ask(fixture.port, "/")).name, "web");
    finish();
    assert.equal((await asked).body, "slow but whole");
  });

  it("uses servers that end only when there is no other", async () => {
    const ending = await server(undefined, "ending");
    const ready = await server(undefined, "ready");
    await fixture.service(
      "rolling",
      new Map([
        [ready.port, {}],
        [ending.port, { ready: false, terminating: true }],
      ]),
    );
    await fixture.ingress({ paths: [{ service: "rolling" }] });
    for (let i = 0; i < 4; i++) assert.equal(echoOf(await ask(fixture.port, "/")).name, "ready");
    await fixture.service("rolling", new Map([[ending.port, { ready: false, terminating: true }]]));
    await fixture.until(
      () =>
        fixture.running.following.backends.resolve({ service: "default/rolling", port: "80" }, false).addresses[0]
          ?.port === ending.port,
    );
    assert.equal(echoOf(await ask(fixture.port, "/")).name, "ending");
  });

  it("finds a port by its name", async () => {
    await fixture.ingress({});
    const found = fixture.running.following.backends.resolve({ service: "default/web", port: "http" }, false);
    assert.equal(found.addresses.length, 1);
  });

  it("counts what it did", async () => {
    await fixture.ingress({ name: "counted" });
    await ask(fixture.port, "/");
    const text = [...fixture.metrics.expose()].join("");
    assert.match(
      text,
      /nginx_ingress_controller_requests\{namespace="default",ingress="counted",service="web",status="200"\} 1/,
    );
  });
});
