/**
 * What every `Transport` must do, against a server that answers these paths:
 * `/echo` the method, the header `x-test` and the body as JSON; `/missing` 404 with a body; `/large` three million bytes;
 * `/watch` a line each time `tick` is called; `/broken` a part of a body, then the end of the connection.
 */
import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import type { Transport } from "./transport.ts";

export interface TransportUnderTest {
  readonly transport: Transport;
  /** Writes a line to every open watch. */
  tick(): void;
  /** How many watches are open at the server. */
  watches(): number;
  stop(): Promise<void>;
}

export function transportSuite(start: () => Promise<TransportUnderTest>): void {
  let test: TransportUnderTest;
  before(async () => {
    test = await start();
  });
  after(() => test.stop());

  const text = async (bytes: Promise<Uint8Array>) => Buffer.from(await bytes).toString();
  const until = async (done: () => boolean) => {
    for (let i = 0; i < 400 && !done(); i++) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.ok(done());
  };

  it("sends method, path, headers and body, and gives status, headers and body", async () => {
    const body = Buffer.from('{"a":1}');
    const answer = await test.transport.request({
      method: "POST",
      path: "/echo?x=1",
      headers: { "x-test": "t" },
      body,
    });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers["content-type"], "application/json");
    assert.deepEqual(JSON.parse(await text(answer.bytes())), {
      method: "POST",
      path: "/echo?x=1",
      test: "t",
      body: '{"a":1}',
    });
  });

  it("gives answers of any status", async () => {
    const answer = await test.transport.request({ method: "GET", path: "/missing" });
    assert.equal(answer.status, 404);
    assert.equal(await text(answer.bytes()), "not here");
  });

  it("gives large bodies, many at once", async () => {
    const sizes = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const answer = await test.transport.request({ method: "GET", path: "/large" });
        return (await answer.bytes()).length;
      }),
    );
    assert.deepEqual(new Set(sizes), new Set([3_000_000]));
  });

  it("gives a watch as it comes, and lets go of it when the loop is left", async () => {
    const answer = await test.transport.request({ method: "GET", path: "/watch" });
    await until(() => test.watches() === 1);
    const seen: string[] = [];
    test.tick();
    for await (const chunk of answer.stream()) {
      seen.push(Buffer.from(chunk).toString());
      if (seen.length === 3) break;
      test.tick();
    }
    assert.deepEqual(seen, ["tick\n", "tick\n", "tick\n"]);
    await until(() => test.watches() === 0);
  });

  it("ends a watch that is aborted, with the signal's reason", async () => {
    const abort = new AbortController();
    const answer = await test.transport.request({ method: "GET", path: "/watch", signal: abort.signal });
    await until(() => test.watches() === 1);
    const reason = new Error("enough");
    const reading = (async () => {
      for await (const _ of answer.stream()) abort.abort(reason);
    })();
    test.tick();
    await assert.rejects(reading, reason);
    await until(() => test.watches() === 0);
  });

  it("does not begin what is aborted already", async () => {
    const request = { method: "GET", path: "/watch", signal: AbortSignal.abort() };
    await assert.rejects(test.transport.request(request), { name: "AbortError" });
  });

  it("tells a body that is cut off from one that ends", async () => {
    const whole = await test.transport.request({ method: "GET", path: "/broken" });
    await assert.rejects(whole.bytes());
    const streamed = await test.transport.request({ method: "GET", path: "/broken" });
    await assert.rejects(async () => {
      for await (const _ of streamed.stream()) continue;
    });
  });

  it("goes on after all that", async () => {
    const answer = await test.transport.request({ method: "GET", path: "/echo" });
    assert.equal(answer.status, 200);
    await answer.bytes();
  });
}
