import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { pods } from "@kubets/api/generated/refs";
import { isReason, StatusError, seededRandom, VirtualClock } from "@kubets/machinery";
import { clientSuite } from "./client.suite.ts";
import { informerSuite } from "./informer.suite.ts";
import { textOf } from "./json.ts";
import { listAll } from "./pager.ts";
import { responseError } from "./response-error.ts";
import { retryOnConflict } from "./retry-on-conflict.ts";
import { MemoryApi } from "./testing/memory-api.ts";
import type { ApiRequest, Transport } from "./transport.ts";
import { createClient, warningTexts } from "./typed-client.ts";
import { LineSplitter } from "./watch-lines.ts";

for (const inProcess of [false, true]) {
  const name = inProcess ? "memory, in-process" : "memory, as HTTP";
  const open = async () => {
    const transport = new MemoryApi({ inProcess });
    return { transport, close: () => transport.close() };
  };
  clientSuite(name, open);
  informerSuite(name, open);
}

/** A transport that writes down the one request it gets, and answers with a text. */
function answering(status: number, text: string, headers: Record<string, string> = {}) {
  const asked: ApiRequest[] = [];
  const bytes = async () => new TextEncoder().encode(text);
  const transport: Transport = {
    async request(request) {
      asked.push(request);
      return { status, headers, bytes, stream: async function* () {} };
    },
    close() {},
  };
  return { asked, transport, client: createClient(transport) };
}

describe("requests", () => {
  const key = { namespace: "ns", name: "a" };
  const body = (request: ApiRequest | undefined) => JSON.parse(textOf(request?.body ?? new Uint8Array())) as unknown;

  it("say what kind of patch they carry", async () => {
    const { client, asked } = answering(200, "{}");
    await client.patch(pods, key, { type: "json", body: [] });
    await client.patch(pods, key, { type: "strategic", body: {} }, { subresource: "status", fieldManager: "m" });
    await client.apply(pods, { metadata: key }, { fieldManager: "m", force: true });
    assert.deepEqual(
      asked.map(({ path, headers }) => [path, headers?.["content-type"]]),
      [
        ["/api/v1/namespaces/ns/pods/a", "application/json-patch+json"],
        ["/api/v1/namespaces/ns/pods/a/status?fieldManager=m", "application/strategic-merge-patch+json"],
        ["/api/v1/namespaces/ns/pods/a?fieldManager=m&force=true", "application/apply-patch+yaml"],
      ],
    );
    assert.deepEqual(body(asked[2]), { kind: "Pod", apiVersion: "v1", metadata: key });
  });

  it("carry the options of a delete in the body", async () => {
    const { client, asked } = answering(200, "{}");
    await client.delete(pods, key, { gracePeriodSeconds: 0, propagationPolicy: "Background", dryRun: true });
    assert.deepEqual(body(asked[0]), {
      kind: "DeleteOptions",
      apiVersion: "v1",
      gracePeriodSeconds: 0,
      propagationPolicy: "Background",
      dryRun: ["All"],
    });
    await client.deleteCollection(pods, { namespace: "ns", labelSelector: "a=b,c!=d" });
    assert.equal(asked[1]?.path, "/api/v1/namespaces/ns/pods?labelSelector=a%3Db%2Cc%21%3Dd");
    assert.equal(asked[1]?.body, undefined);
  });

  it("create what stands below an object", async () => {
    const { client, asked } = answering(201, '{"kind":"Status","status":"Success"}');
    await client.act(pods, key, "eviction", { kind: "Eviction" });
    assert.equal(asked[0]?.path, "/api/v1/namespaces/ns/pods/a/eviction");
    assert.deepEqual(body(asked[0]), { kind: "Eviction" });
  });

  it("never ask for an object without a name", async () => {
    const { client, asked } = answering(200, "{}");
    await assert.rejects(client.get(pods, { namespace: "ns", name: "" }), TypeError);
    await assert.rejects(client.delete(pods, { namespace: "ns", name: "" }), TypeError);
    assert.equal(asked.length, 0);
  });

  it("tell warnings", async () => {
    const warned: string[] = [];
    const { transport } = answering(200, "{}", { warning: '299 - "a \\"b\\"", 299 - "c"' });
    await createClient(transport, { warn: (text) => warned.push(text) }).get(pods, key);
    assert.deepEqual(warned, ['a "b"', "c"]);
    assert.deepEqual(warningTexts('299 - "only"'), ["only"]);
  });
});

describe("a server that is busy", () => {
  const busy = (clock: VirtualClock, answers: readonly [status: number, headers: Record<string, string>][]) => {
    const asked: number[] = [];
    const left = [...answers];
    const transport: Transport = {
      async request() {
        asked.push(clock.monotonic());
        const [status, headers] = left.shift() ?? [200, {}];
        return { status, headers, bytes: async () => new TextEncoder().encode("{}"), stream: async function* () {} };
      },
      close() {},
    };
    return { asked, client: createClient(transport, { clock }) };
  };
  const key = { namespace: "ns", name: "a" };

  it("is asked again after the time that it says", async () => {
    const clock = new VirtualClock();
    const { asked, client } = busy(clock, [
      [429, { "retry-after": "2" }],
      [503, { "retry-after": "5" }],
    ]);
    const patched = client.patch(pods, key, { type: "merge", body: {} });
    await clock.advance(2000);
    await clock.advance(5000);
    await patched;
    assert.deepEqual(asked, [0, 2000, 7000]);
  });

  it("is believed when it says no time, or says it too often", async () => {
    const clock = new VirtualClock();
    const once = busy(clock, [[429, {}]]);
    await assert.rejects(once.client.get(pods, key), (error) => isReason(error, "TooManyRequests"));
    assert.equal(once.asked.length, 1);
    const often = busy(
      clock,
      Array.from({ length: 20 }, () => [500, { "retry-after": "1" }]),
    );
    const refused = assert.rejects(often.client.get(pods, key), (error) => isReason(error, "InternalError"));
    for (let i = 0; i < 12; i++) await clock.advance(1000);
    await refused;
    assert.equal(often.asked.length, 11);
  });
});

describe("errors of answers that are no Status", () => {
  const cases: readonly [code: number, method: string, body: string, reason: string, message: string][] = [
    [404, "GET", "404 page not found", "NotFound", "the server could not find the requested resource (get pods a)"],
    [409, "POST", "", "AlreadyExists", "the server reported a conflict (post pods a)"],
    [403, "GET", "no", "Forbidden", "no (get pods a)"],
    [
      502,
      "GET",
      "bad gateway",
      "InternalError",
      'an error on the server ("bad gateway") has prevented the request from succeeding (get pods a)',
    ],
    [
      418,
      "GET",
      "",
      "",
      "the server responded with the status code 418 but did not return more information (get pods a)",
    ],
  ];
  for (const [code, method, text, reason, message] of cases)
    it(`${code} ${method}`, () => {
      const asked = { method, resource: { group: "", resource: "pods" }, name: "a" };
      const error = responseError(code, { "retry-after": "7" }, new TextEncoder().encode(text), asked);
      assert.equal(error.message, message);
      assert.equal(error.reason, reason);
      assert.equal(error.code, code);
      assert.equal(error.status.details?.retryAfterSeconds, 7);
    });
});

describe("LineSplitter", () => {
  it("finds the same lines wherever the chunks are cut", () => {
    const bytes = Buffer.from('{"ä":1}\n\n{"b":"öö"}\r\n{"c":3}\n');
    for (let first = 0; first <= bytes.length; first++)
      for (let second = first; second <= bytes.length; second++) {
        const splitter = new LineSplitter();
        const chunks = [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)];
        const lines = chunks.flatMap((chunk) => splitter.push(chunk));
        assert.deepEqual(lines, ['{"ä":1}', '{"b":"öö"}', '{"c":3}']);
      }
  });
});

describe("watch", () => {
  it("is silent after its handle stopped it, and after its signal", async () => {
    for (const inProcess of [false, true]) {
      const api = new MemoryApi({ inProcess });
      const client = createClient(api);
      const told: unknown[] = [];
      const sink = { events: (batch: readonly unknown[]) => told.push(batch), closed: (e: unknown) => told.push(e) };
      const stopping = new AbortController();
      const handle = await client.watch(pods, {}, sink);
      await client.watch(pods, { signal: stopping.signal }, sink);
      assert.equal(api.watchers, 2);
      handle.stop();
      stopping.abort();
      await client.create(pods, { metadata: { namespace: "ns", name: "a" } });
      await new VirtualClock().advance(1);
      assert.deepEqual([api.watchers, told], [0, []]);
    }
  });

  it("tells how it ended", async () => {
    for (const inProcess of [false, true]) {
      const api = new MemoryApi({ inProcess });
      const ended = Promise.withResolvers<Error | undefined>();
      const opened = createClient(api).watch(pods, {}, { events() {}, closed: ended.resolve });
      await opened;
      api.endWatches(new Error("connection reset"));
      assert.equal((await ended.promise)?.message, "connection reset");
    }
  });
});

describe("listAll", () => {
  it("lists as a whole when a continue token expired", async () => {
    const api = new MemoryApi();
    const client = createClient(api);
    for (let i = 0; i < 5; i++) await client.create(pods, { metadata: { namespace: "ns", name: `p${i}` } });
    let lists = 0;
    const compacting = {
      list: (async (...args: Parameters<typeof client.list>) => {
        if (++lists === 2) api.compact();
        return client.list(...args);
      }) as typeof client.list,
    };
    const { items } = await listAll(compacting, pods, { limit: 2 });
    assert.deepEqual(
      items.map(({ metadata }) => metadata.name),
      ["p0", "p1", "p2", "p3", "p4"],
    );
    assert.equal(lists, 3);
  });
});

describe("retryOnConflict", () => {
  const conflicting = new StatusError({ code: 409, reason: "Conflict", message: "stale" });

  it("tries five times", async () => {
    const clock = new VirtualClock();
    let tries = 0;
    const failing = retryOnConflict(
      () => {
        tries++;
        return Promise.reject(conflicting);
      },
      { clock, random: seededRandom(1) },
    );
    const rejected = assert.rejects(failing, (error) => isReason(error, "Conflict"));
    await clock.advance(1000);
    await rejected;
    assert.equal(tries, 5);
  });

  it("does not try again for other errors", async () => {
    let tries = 0;
    const run = async () => {
      tries++;
      throw new Error("no");
    };
    await assert.rejects(retryOnConflict(run, { clock: new VirtualClock(), random: seededRandom(1) }), /^Error: no$/);
    assert.equal(tries, 1);
  });
});
