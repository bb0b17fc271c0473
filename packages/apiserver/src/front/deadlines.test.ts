import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { createServer, request } from "node:https";
import type { AddressInfo } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { configmaps, validatingwebhookconfigurations } from "@kubets/api/generated/refs";
import { type Clock, type Status, StatusError, VirtualClock } from "@kubets/machinery";
import type { Exchange } from "@kubets/wire/http";
import type { AdmissionPlugin } from "../admission/plugin.ts";
import type { RemoteService } from "../aggregation/remote-services.ts";
import { Audit } from "../audit/audit.ts";
import type { AuditEvent } from "../audit/event.ts";
import type { Wanted } from "../audit/policy.ts";
import type { AuditRecord } from "../audit/record.ts";
import type { Authorizer } from "../authz/authorizer.ts";
import { readRequestInfo } from "../request-info.ts";
import { ownServingCertificate } from "../serving-certificate.ts";
import { startTestServer } from "../testing/server.ts";
import { startSocketServer } from "../testing/socket-server.ts";
import { linesOf, told } from "../testing/told.ts";
import { Deadlines } from "./deadlines.ts";
import { SocketExchange } from "./socket-exchange.ts";

const COLLECTION = "/api/v1/namespaces/default/configmaps";
const MAP = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" } } as const;
const isLate = ({ code, status }: StatusError) =>
  code === 504 &&
  status.reason === "Timeout" &&
  status.message === "Timeout: request did not complete within the allotted timeout";

/** A server that holds whatever is to be written to config maps until it is let go on, and what it told of that. */
async function holding(t: TestContext) {
  const held = Promise.withResolvers<void>();
  const plugin: AdmissionPlugin = {
    name: "Held",
    handles: (_operation, { resource }) => resource === "configmaps",
    validate: () => held.promise,
  };
  const events: AuditEvent[] = [];
  const everything: Wanted = { level: "Metadata", omitStages: new Set(), omitManagedFields: false };
  const policy = ({ resource }: { resource: string }) => (resource === "configmaps" ? everything : undefined);
  const audit = new Audit(policy, { tell: (event) => void events.push(event) }, new VirtualClock());
  const cluster = await startTestServer({ own: [plugin], audit });
  t.after(cluster.close);
  events.length = 0;
  const { registry } = cluster.server.context.metrics;
  return { ...cluster, held, events, now: (series: string) => told(registry, series), registry };
}

describe("a request that is not answered in time", () => {
  it("is ended, told and counted once, keeps nothing, and may be stored later", async (t) => {
    const { admin, clock, held, events, now, registry } = await holding(t);
    const late = admin.raw("POST", `${COLLECTION}?timeout=20s`, MAP);
    await clock.advance(19_999);
    assert.deepEqual(
      events.map(({ stage }) => stage),
      ["RequestReceived"],
    );
    await clock.advance(1);
    assert.equal((await late).status, 504);
    const labels = 'group="",resource="configmaps",scope="resource",subresource="",verb="POST",version="v1"';
    const terminations = `apiserver_request_terminations_total{code="504",component="apiserver",${labels}}`;
    assert.equal(now(terminations), 1);
    assert.equal(now('apiserver_current_inflight_requests{request_kind="mutating"}'), 0);
    const seats = linesOf(registry, "apiserver_flowcontrol_current_executing_seats{");
    assert.ok(seats.length > 0 && seats.every((line) => line.endsWith(" 0")), seats.join("\n"));

    held.resolve();
    const isStored = async () => (await admin.raw("GET", `${COLLECTION}/a`)).status === 200;
    while (!(await isStored())) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(now(terminations), 1);
    assert.equal(now('apiserver_request_post_timeout_total{source="timeout-handler",status="ok"}'), 1);
    assert.deepEqual(
      events.filter(({ verb }) => verb === "create").map(({ stage, responseStatus }) => [stage, responseStatus]),
      [
        ["RequestReceived", undefined],
        [
          "ResponseComplete",
          {
            metadata: {},
            status: "Failure",
            message: "Timeout: request did not complete within the allotted timeout",
            reason: "Timeout",
            details: {},
            code: 504,
          },
        ],
      ],
    );
  });

  it("is not heard of again when it fails behind that", async (t) => {
    const { admin, clock, held, events, now } = await holding(t);
    const late = admin.raw("POST", `${COLLECTION}?timeout=1s`, MAP);
    await clock.advance(1000);
    assert.equal((await late).status, 504);
    held.reject(new Error("too late"));
    await clock.advance(0);
    assert.equal(events.filter(({ stage }) => stage !== "RequestReceived").length, 1);
    assert.equal(now('apiserver_request_post_timeout_total{source="timeout-handler",status="panic"}'), 1);
  });

  for (const [asked, ms] of [
    ["1500ms", 1500],
    ["0s", 60_000],
    ["-1s", 60_000],
    ["2m", 60_000],
    ["", 60_000],
  ] as const)
    it(`has ${ms} ms where it asks for "${asked}"`, async (t) => {
      const { user, clock, server, close } = await startTestServer();
      t.after(close);
      const given = Promise.withResolvers<AbortSignal | undefined>();
      const authorizer: Authorizer = {
        name: "Slow",
        authorize({ deadline }) {
          given.resolve(deadline?.signal);
          return new Promise(() => {});
        },
      };
      server.useAuthorizers([authorizer]);
      const late = user("jane").raw("GET", `${COLLECTION}?timeout=${asked}`);
      const signal = await given.promise;
      await clock.advance(ms - 1);
      assert.equal(signal?.aborted, false);
      await clock.advance(1);
      assert.equal((await late).status, 504);
      assert.equal(signal?.aborted, true);
    });

  it("has 34 s for its work where it writes", async (t) => {
    const { admin, clock, held, now } = await holding(t);
    let isAnswered = false;
    const asking = admin.raw("POST", `${COLLECTION}?timeout=50s`, MAP).finally(() => (isAnswered = true));
    await clock.advance(33_999);
    assert.equal(isAnswered, false);
    await clock.advance(1);
    const { code, message } = JSON.parse(Buffer.from((await asking).body).toString()) as Status;
    const why = "Timeout: request did not complete within requested timeout - context deadline exceeded";
    assert.deepEqual([code, message], [504, why]);
    held.reject(new StatusError({ code: 403 }));
    await clock.advance(0);
    assert.equal(now('apiserver_request_post_timeout_total{source="rest-handler",status="error"}'), 1);
  });

  it("is refused where it asks for no time, before anybody asks who it is", async (t) => {
    const { admin, events } = await holding(t);
    const answer = await admin.raw("GET", `${COLLECTION}?timeout=soon`);
    assert.equal(answer.status, 400);
    const message = 'invalid timeout specified in the request URL - time: invalid duration "soon"';
    assert.equal((JSON.parse(Buffer.from(answer.body).toString()) as { message: string }).message, message);
    assert.deepEqual(
      events.map(({ stage, user, responseStatus }) => [stage, user, responseStatus]),
      [["ResponseStarted", {}, { metadata: {}, message, code: 400 }]],
    );
  });

  it("gives its place up where it waits for a seat", async (t) => {
    const concurrency = { reads: 0, writes: 1, longestWaitMs: 100_000, fair: true };
    const { user, clock, server, close } = await startTestServer({ concurrency });
    t.after(close);
    const level = server.context.fairness?.levels.get("global-default");
    const held = level?.enter("somebody", 1, { start() {}, refuse() {} });
    const late = assert.rejects(user("jane").get(configmaps, { namespace: "default", name: "a" }), isLate);
    const waiting = () => level?.queues.waiting;
    assert.equal(waiting(), 1);
    await clock.advance(60_000);
    await late;
    assert.equal(waiting(), 0);
    if (held) level?.leave(held);
  });

  it("is not waited for by the webhooks that it asks, nor stored because they may be passed over", async (t) => {
    const pair = ownServingCertificate(undefined, { dnsNames: [], ipAddresses: ["127.0.0.1"] }, Date.now());
    const asked = Promise.withResolvers<{ url: string | undefined; closed: Promise<unknown> }>();
    const webhook = createServer(pair, (request, response) =>
      asked.resolve({ url: request.url, closed: once(response, "close") }),
    ).listen(0, "127.0.0.1");
    await once(webhook, "listening");
    const { admin, clock, server, close } = await startTestServer();
    t.after(async () => {
      await close();
      webhook.close();
    });
    await admin.create(validatingwebhookconfigurations, {
      metadata: { name: "slow" },
      webhooks: [
        {
          name: "slow.example.com",
          clientConfig: {
            url: `https://127.0.0.1:${(webhook.address() as AddressInfo).port}/`,
            caBundle: Buffer.from(pair.cert).toString("base64"),
          },
          rules: [{ apiGroups: [""], apiVersions: ["v1"], resources: ["configmaps"], operations: ["CREATE"] }],
          sideEffects: "None",
          admissionReviewVersions: ["v1"],
          failurePolicy: "Ignore",
        },
      ],
    });
    const late = admin.raw("POST", `${COLLECTION}?timeout=1500ms`, MAP);
    const { url, closed } = await asked.promise;
    assert.equal(url, "/?timeout=2s");
    await clock.advance(1500);
    assert.equal((await late).status, 504);
    await closed;
    const wentOn = 'apiserver_request_post_timeout_total{source="timeout-handler",status="ok"}';
    while (told(server.context.metrics.registry, wentOn) === undefined) await new Promise(setImmediate);
    assert.equal((await admin.raw("GET", `${COLLECTION}/a`)).status, 404);
  });
});

it("on the wire it is answered as the original does, and only once", async () => {
  const clock = new VirtualClock();
  const sent: unknown[] = [];
  const socket = {
    respond: (status: number, headers: readonly string[], body: Uint8Array) =>
      sent.push([status, headers, Buffer.from(body).toString()]),
    stream: () => assert.fail("it was answered already"),
    onClose() {},
    abort: () => sent.push("broken off"),
  };
  const exchange = new SocketExchange(socket as unknown as Exchange);
  exchange.addHeaders(["audit-id", "1"]);
  let late = 0;
  new Deadlines(clock, 1000, { late: () => late++, broken() {}, wentOn() {} }).begin(
    exchange,
    readRequestInfo("GET", "/version"),
  );
  await clock.advance(1000);
  exchange.respond(200, []);
  assert.equal(exchange.stream(200, []).closed, true);
  const body =
    '{"metadata":{},"status":"Failure","message":"Timeout: request did not complete within the allotted timeout","reason":"Timeout","details":{},"code":504}\n';
  const headers = ["content-type", "text/plain; charset=utf-8", "cache-control", "no-cache, private", "audit-id", "1"];
  assert.deepEqual(sent, [[504, headers, body]]);
  // Who reads it has the time of a request.
  await clock.advance(999);
  assert.equal(sent.length, 1);
  await clock.advance(1);
  assert.deepEqual([sent[1], late], ["broken off", 1]);
});

it("an answer that has begun, and is not whole by then, is broken off", async () => {
  const clock = new VirtualClock();
  const broken: string[] = [];
  const closed: (() => void)[] = [];
  const begin = (url: string) => {
    const sink = { abort: () => broken.push(url) };
    const socket = { stream: () => sink, onClose: (run: () => void) => closed.push(run) } as unknown as Exchange;
    const exchange = new SocketExchange(socket);
    deadlines.begin(exchange, readRequestInfo("GET", url));
    exchange.stream(200, []);
  };
  const late: string[] = [];
  const deadlines = new Deadlines(clock, 1000, {
    late: (_exchange, { path }) => late.push(path),
    broken() {},
    wentOn() {},
  });
  begin("/whole");
  for (const run of closed) run();
  begin("/half");
  await clock.advance(999);
  assert.deepEqual(broken, []);
  await clock.advance(1);
  assert.deepEqual([broken, late], [["/half"], ["/half"]]);
});

it("one of another server that falls silent is broken off, told and counted as the original does", async (t) => {
  const pair = ownServingCertificate(undefined, { dnsNames: [], ipAddresses: ["127.0.0.1"] }, Date.now());
  const other = createServer(pair, (_request, response) => void response.write("half")).listen(0, "127.0.0.1");
  await once(other, "listening");
  const events: AuditEvent[] = [];
  const everything: Wanted = { level: "Metadata", omitStages: new Set(), omitManagedFields: false };
  const policy = ({ group }: { group: string }) => (group === "half.example.com" ? everything : undefined);
  const clock = new VirtualClock();
  const audit = new Audit(policy, { tell: (event) => void events.push(event) }, clock);
  const { port, server, close } = await startSocketServer({ clock, audit });
  t.after(async () => {
    await close();
    other.close();
  });
  const remote = {
    isAvailable: true,
    address: () => ({ host: "127.0.0.1", port: (other.address() as AddressInfo).port }),
    tls: () => ({ rejectUnauthorized: false }),
  } as unknown as RemoteService;
  const ofPath = (path: string) => (path.startsWith("/apis/half.example.com/v1/") ? remote : undefined);
  Object.assign(server.context.aggregation.remotes, { ofPath });
  const asking = request({
    port,
    path: "/apis/half.example.com/v1/things",
    headers: { authorization: "Bearer root" },
    rejectUnauthorized: false,
  }).end();
  const [answer] = (await once(asking, "response")) as [IncomingMessage];
  await clock.advance(60_000);
  await assert.rejects(answer.toArray());
  while (events.length < 2) await new Promise(setImmediate);
  assert.deepEqual(
    events.map(({ stage, responseStatus }) => [stage, (responseStatus as Status | undefined)?.message]),
    [
      ["RequestReceived", undefined],
      ["Panic", "APIServer panic'd: net/http: abort Handler"],
    ],
  );
  const { registry } = server.context.metrics;
  const labels = 'group="half.example.com",resource="things",scope="cluster",subresource="",verb="LIST",version="v1"';
  assert.equal(told(registry, `apiserver_request_terminations_total{code="504",component="apiserver",${labels}}`), 1);
  assert.equal(told(registry, `apiserver_request_aborts_total{${labels}}`), 1);
  assert.equal(told(registry, 'apiserver_request_post_timeout_total{source="timeout-handler",status="panic"}'), 1);
});

it("what is asked for its sake is given up when its client is gone, whether it has one or not", () => {
  const deadlines = new Deadlines(new VirtualClock(), 1000, { late() {}, broken() {}, wentOn() {} });
  for (const url of ["/api/v1/pods", "/api/v1/pods?watch=1"]) {
    const closed: (() => void)[] = [];
    const exchange = new SocketExchange({ onClose: (run: () => void) => closed.push(run) } as unknown as Exchange);
    deadlines.begin(exchange, readRequestInfo("GET", url));
    const signal = exchange.deadline?.signal;
    assert.equal(signal?.aborted, false);
    for (const run of closed) run();
    assert.equal(signal?.aborted, true);
  }
});

describe("an answer that nobody takes", () => {
  /** A request for as long as it may take, 60 s, and what is done with its answer. */
  function asked(method: string) {
    const clock = new VirtualClock();
    const done: string[] = [];
    const socket = {
      respond: (status: number) => done.push(String(status)),
      onClose() {},
      abort: () => done.push("broken off"),
    };
    const exchange = new SocketExchange(socket as unknown as Exchange);
    const deadlines = new Deadlines(clock, 60_000, {
      late: () => done.push("late"),
      broken() {},
      wentOn: (what) => done.push(`went on: ${what}`),
    });
    deadlines.begin(exchange, readRequestInfo(method, "/api/v1/namespaces/a/pods"));
    const work = () => deadlines.work(exchange, () => done.push("refused"));
    return { clock, done, exchange, work };
  }

  it("has the time of its request, also where there was less for the work", async () => {
    const { clock, done, exchange, work } = asked("POST");
    work();
    await clock.advance(33_999);
    exchange.respond(201, []);
    await clock.advance(26_000);
    assert.deepEqual(done, ["201"]);
    await clock.advance(1);
    assert.deepEqual(done, ["201", "late", "went on: ok", "broken off"]);
  });

  it("has all of it again where others were told of it first, and the deadline passed", async () => {
    const { clock, done, exchange } = asked("GET");
    const told = Promise.withResolvers<boolean>();
    exchange.audit = { answered: () => told.promise } as unknown as AuditRecord;
    exchange.respond(200, []);
    await clock.advance(60_000);
    assert.deepEqual(done, []);
    told.resolve(true);
    await clock.advance(59_999);
    assert.deepEqual(done, ["200"]);
    await clock.advance(1);
    assert.equal(done.at(-1), "broken off");
  });
});

describe("the deadlines", () => {
  /** A clock that counts its timers, and exchanges that tell when they were ended. */
  function fixture() {
    const virtual = new VirtualClock();
    let timers = 0;
    const clock: Clock = {
      now: () => virtual.now(),
      monotonic: () => virtual.monotonic(),
      after: (ms, run) => {
        timers++;
        return virtual.after(ms, run);
      },
    };
    const ended: string[] = [];
    const deadlines = new Deadlines(clock, 1000, {
      late: ({ url }) => void ended.push(`${url} at ${virtual.monotonic()}`),
      broken() {},
      wentOn() {},
    });
    const begin = (url: string) => {
      const onClose = (run: () => void) => run();
      const exchange = new SocketExchange({ url, respond() {}, onClose } as unknown as Exchange);
      deadlines.begin(exchange, readRequestInfo("GET", url));
      return exchange;
    };
    return { virtual, ended, deadlines, begin, timers: () => timers };
  }

  it("of very many requests need one timer, and end those that are left in their order", async () => {
    const { virtual, ended, begin, timers } = fixture();
    for (let i = 0; i < 1000; i++) begin("/answered").respond(200, []);
    begin("/a");
    await virtual.advance(500);
    begin("/answered").respond(200, []);
    begin("/b");
    begin("/c?timeout=100ms");
    assert.equal(timers(), 2);
    await virtual.advance(1000);
    assert.deepEqual(ended, ["/c?timeout=100ms at 600", "/a at 1000", "/b at 1500"]);
    assert.equal(timers(), 3);
  });

  it("are none of what stays open by its nature", async () => {
    const { virtual, ended, begin } = fixture();
    for (const url of ["/api/v1/pods?watch=1&timeout=1s", "/api/v1/namespaces/a/pods/b/log?timeout=soon"]) begin(url);
    await virtual.advance(10_000);
    assert.deepEqual(ended, []);
  });

  it("stop with the server", async () => {
    const { virtual, ended, deadlines, begin, timers } = fixture();
    begin("/a");
    deadlines.stop();
    begin("/b");
    await virtual.advance(10_000);
    assert.deepEqual([ended, timers()], [[], 1]);
  });
});
