import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { realClock, seededRandom, silentLogger } from "@kubets/machinery";
import { MetricsRegistry } from "@kubets/machinery/metrics";
import type { Exchange } from "@kubets/wire/http";
import { SocketExchange } from "../front/socket-exchange.ts";
import { startTestServer } from "../testing/server.ts";
import { linesOf, told } from "../testing/told.ts";
import type { AuditEvent } from "./event.ts";
import { AuditMetrics } from "./metrics.ts";
import type { AuditRecord } from "./record.ts";
import { type RunningAudit, setUpAudit } from "./setup.ts";

/** How often the webhook is told of one event that it does not take. */
const TRIES = 5;
const NAMESPACE = "/api/v1/namespaces/default";

/** A server that tells a webhook of jane, and of who asks for the version; `next` gives the next event, and how to answer it. */
async function telling(t: TestContext, mode: string) {
  const arrived: { stage: string; answer: (status: number) => void }[] = [];
  const waiting: (() => void)[] = [];
  const webhook = createServer(async (request, response: ServerResponse) => {
    const body = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>)).toString();
    const { items } = JSON.parse(body) as { items: AuditEvent[] };
    const answer = (status: number) => void response.writeHead(status).end();
    arrived.push(...items.map(({ stage }) => ({ stage, answer })));
    waiting.shift()?.();
  });
  await new Promise<void>((resolve) => webhook.listen(0, "127.0.0.1", resolve));
  const dir = mkdtempSync(join(tmpdir(), "kubets-audit-"));
  const [policy, kubeconfig] = [join(dir, "policy.yaml"), join(dir, "kubeconfig")];
  writeFileSync(
    policy,
    "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata, users: [jane]}, {level: Metadata, nonResourceURLs: [/version]}]\n",
  );
  const server = `http://127.0.0.1:${(webhook.address() as AddressInfo).port}`;
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "c",
    clusters: [{ name: "c", cluster: { server } }],
    contexts: [{ name: "c", context: { cluster: "c", user: "" } }],
  };
  writeFileSync(kubeconfig, JSON.stringify(config));
  const registry = new MetricsRegistry();
  const flags = {
    "audit-policy-file": policy,
    "audit-webhook-config-file": kubeconfig,
    "audit-webhook-mode": mode,
    "audit-webhook-version": "audit.k8s.io/v1",
    "audit-webhook-initial-backoff": 1,
  };
  const running = (await setUpAudit(flags as unknown as Parameters<typeof setUpAudit>[0], {
    clock: realClock,
    random: seededRandom(1),
    log: silentLogger,
    metrics: new AuditMetrics(registry),
    egress: {},
  })) as RunningAudit;
  const cluster = await startTestServer({ audit: running.audit });
  t.after(async () => {
    running.close();
    webhook.closeAllConnections();
    webhook.close();
    await cluster.close();
    rmSync(dir, { recursive: true });
  });
  return {
    ...cluster,
    jane: cluster.user("jane"),
    now: (series: string) => told(registry, series),
    async next() {
      if (arrived.length === 0) await new Promise<void>((resolve) => waiting.push(resolve));
      return arrived.shift() as (typeof arrived)[number];
    },
  };
}

describe("a webhook that is waited for", () => {
  it("hears of a request before it goes on, and of its answer before that goes out, which takes no seat", async (t) => {
    const { jane, next, server } = await telling(t, "blocking");
    let isAnswered = false;
    const asking = jane.raw("GET", NAMESPACE).finally(() => (isAnswered = true));
    const received = await next();
    assert.deepEqual([received.stage, isAnswered], ["RequestReceived", false]);
    received.answer(200);
    const complete = await next();
    assert.deepEqual([complete.stage, isAnswered], ["ResponseComplete", false]);
    const seats = linesOf(server.context.metrics.registry, "apiserver_flowcontrol_current_executing_seats{");
    assert.ok(seats.length > 0 && seats.every((line) => line.endsWith(" 0")), seats.join("\n"));
    complete.answer(200);
    assert.equal((await asking).status, 200);
  });

  for (const [mode, status, rejected] of [
    ["blocking", 200, 0],
    ["blocking-strict", 500, 1],
  ] as const)
    it(`that does not take events has requests answered with ${status} in mode ${mode}`, async (t) => {
      const { jane, next, now } = await telling(t, mode);
      const asking = jane.raw("GET", NAMESPACE);
      for (let tries = mode === "blocking" ? 2 * TRIES : TRIES; tries > 0; tries--) (await next()).answer(400);
      const answer = await asking;
      assert.equal(answer.status, status);
      if (rejected) assert.match(Buffer.from(answer.body).toString(), /failed to store audit event/);
      assert.equal(now("apiserver_audit_requests_rejected_total"), rejected);
    });

  it("hears of a refusal before it goes out, though nobody is known by then", async (t) => {
    const { jane, next } = await telling(t, "blocking");
    let isAnswered = false;
    const asking = jane.raw("GET", "/version?timeout=soon").finally(() => (isAnswered = true));
    const started = await next();
    assert.deepEqual([started.stage, isAnswered], ["ResponseStarted", false]);
    started.answer(200);
    assert.equal((await asking).status, 400);
  });

  it("does not keep anybody longer than the request's deadline", async (t) => {
    const { jane, clock, next } = await telling(t, "blocking-strict");
    const asking = jane.raw("GET", `${NAMESPACE}?timeout=1s`);
    const received = await next();
    await clock.advance(1000);
    assert.equal((await asking).status, 504);
    received.answer(400);
  });
});

it("what goes over a socket waits, too", async () => {
  const sent: number[] = [];
  const exchange = new SocketExchange({ respond: (status: number) => sent.push(status) } as unknown as Exchange);
  const heard = Promise.withResolvers<boolean>();
  exchange.audit = { answered: () => heard.promise } as unknown as AuditRecord;
  exchange.respond(200, []);
  await Promise.resolve();
  assert.deepEqual(sent, []);
  heard.resolve(true);
  await heard.promise;
  await Promise.resolve();
  assert.deepEqual(sent, [200]);
});
