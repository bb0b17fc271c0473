import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { configmaps, secrets } from "@kubets/api/generated/refs";
import { seededRandom, silentLogger, VirtualClock } from "@kubets/machinery";
import { MetricsRegistry } from "@kubets/machinery/metrics";
import type { CoreExchange } from "../front/core-exchange.ts";
import { readRequestInfo } from "../request-info.ts";
import { startTestServer } from "../testing/server.ts";
import { told } from "../testing/told.ts";
import { Audit } from "./audit.ts";
import { Batches } from "./batches.ts";
import { type AuditEvent, legacyLine, microTime } from "./event.ts";
import { LogFile } from "./log-file.ts";
import { AuditMetrics } from "./metrics.ts";
import { compilePolicy, loadPolicy } from "./policy.ts";
import { AuditRecord } from "./record.ts";
import { type RunningAudit, setUpAudit } from "./setup.ts";
import { truncated } from "./truncate.ts";

const folder = () => mkdtempSync(join(tmpdir(), "kubets-audit-"));

function policyOf(rules: string) {
  const dir = folder();
  try {
    const path = join(dir, "policy.yaml");
    writeFileSync(path, `apiVersion: audit.k8s.io/v1\nkind: Policy\n${rules}`);
    return compilePolicy(loadPolicy(path));
  } finally {
    rmSync(dir, { recursive: true });
  }
}

const jane = { name: "jane", groups: ["devs"] };
const event: AuditEvent = {
  kind: "Event",
  apiVersion: "audit.k8s.io/v1",
  level: "Request",
  auditID: "1",
  stage: "ResponseComplete",
  requestURI: "/x",
  verb: "get",
  user: { username: "jane", groups: ["a", "b"] },
  requestReceivedTimestamp: microTime(0),
  stageTimestamp: microTime(1.5),
};

describe("the audit policy", () => {
  const cases: [rules: string, method: string, url: string, level: string | undefined][] = [
    ["rules: [{level: Metadata}]", "GET", "/healthz", "Metadata"],
    ["rules: [{level: None, nonResourceURLs: ['/healthz*']}, {level: Request}]", "GET", "/healthz/ping", undefined],
    ["rules: [{level: None, nonResourceURLs: ['/healthz*']}, {level: Request}]", "GET", "/version", "Request"],
    ["rules: [{level: Metadata, users: [jane]}]", "GET", "/version", "Metadata"],
    ["rules: [{level: Metadata, users: [joe]}]", "GET", "/version", undefined],
    ["rules: [{level: Metadata, userGroups: [devs]}]", "GET", "/version", "Metadata"],
    ["rules: [{level: Metadata, userGroups: [ops]}]", "GET", "/version", undefined],
    ["rules: [{level: Metadata, verbs: [create]}]", "GET", "/api/v1/pods", undefined],
    ["rules: [{level: Metadata, namespaces: [a]}]", "GET", "/api/v1/namespaces/a/pods", "Metadata"],
    ["rules: [{level: Metadata, namespaces: ['']}]", "GET", "/api/v1/nodes", "Metadata"],
    ["rules: [{level: Metadata, namespaces: [a]}]", "GET", "/version", undefined],
    ["rules: [{level: Metadata, resources: [{group: '', resources: [pods]}]}]", "GET", "/api/v1/pods", "Metadata"],
    [
      "rules: [{level: Metadata, resources: [{group: '', resources: [pods]}]}]",
      "GET",
      "/api/v1/namespaces/a/pods/b/log",
      undefined,
    ],
    [
      "rules: [{level: Metadata, resources: [{group: '', resources: ['pods/*']}]}]",
      "GET",
      "/api/v1/namespaces/a/pods/b/log",
      "Metadata",
    ],
    [
      "rules: [{level: Metadata, resources: [{group: '', resources: ['*/log']}]}]",
      "GET",
      "/api/v1/namespaces/a/pods/b/log",
      "Metadata",
    ],
    ["rules: [{level: Metadata, resources: [{group: apps}]}]", "GET", "/apis/apps/v1/deployments", "Metadata"],
    ["rules: [{level: Metadata, resources: [{group: apps}]}]", "GET", "/api/v1/pods", undefined],
    [
      "rules: [{level: Metadata, resources: [{group: '', resources: [pods], resourceNames: [b]}]}]",
      "GET",
      "/api/v1/namespaces/a/pods/b",
      "Metadata",
    ],
    [
      "rules: [{level: Metadata, resources: [{group: '', resources: [pods], resourceNames: [c]}]}]",
      "GET",
      "/api/v1/namespaces/a/pods/b",
      undefined,
    ],
  ];
  for (const [rules, method, url, level] of cases)
    it(`${rules} on ${method} ${url}`, () => {
      assert.equal(policyOf(rules)(readRequestInfo(method, url), jane)?.level, level);
    });

  it("takes what is left out from the policy and from the rule", () => {
    const wanted = policyOf(
      "omitStages: [RequestReceived]\nomitManagedFields: true\nrules: [{level: Metadata, omitStages: [Panic], omitManagedFields: false}]",
    )(readRequestInfo("GET", "/"), jane);
    assert.deepEqual([...(wanted?.omitStages ?? [])], ["RequestReceived", "Panic"]);
    assert.equal(wanted?.omitManagedFields, false);
  });

  it("says what is wrong with it", () => {
    assert.throws(() => policyOf("rules: []"), /illegal policy with 0 rules/);
    assert.throws(() => policyOf("rules: [{level: All}]"), /rules\[0\].level must be one of None, Metadata/);
    assert.throws(
      () => policyOf("rules: [{level: Metadata, user: [a]}]"),
      /unknown field "rules\[0\].user": did you mean "rules\[0\].users"/,
    );
  });
});

describe("audit of requests", () => {
  async function audited(rules: string, run: (cluster: Awaited<ReturnType<typeof startTestServer>>) => Promise<void>) {
    const events: AuditEvent[] = [];
    const clock = new VirtualClock();
    const audit = new Audit(
      policyOf(rules),
      { tell: (told) => void events.push(JSON.parse(JSON.stringify(told)) as AuditEvent) },
      clock,
    );
    const cluster = await startTestServer({ audit, modes: ["RBAC"] });
    try {
      events.length = 0;
      await run(cluster);
      return events;
    } finally {
      await cluster.close();
    }
  }

  it("tells what came and what was answered, without what the policy leaves out", async () => {
    const events = await audited(
      "omitManagedFields: true\nrules: [{level: RequestResponse, users: [root], verbs: [create]}]",
      async ({ as }) => {
        const root = as({ name: "root", uid: "7", groups: ["system:masters"], extra: { why: ["test"] } });
        await root.create(configmaps, { metadata: { name: "a", namespace: "default" }, data: { x: "1" } });
      },
    );
    assert.deepEqual(
      events.map(({ stage }) => stage),
      ["RequestReceived", "ResponseComplete"],
    );
    const [first, last] = events as [AuditEvent, AuditEvent];
    assert.equal(first.auditID, last.auditID);
    assert.deepEqual(first.user, {
      username: "root",
      uid: "7",
      groups: ["system:masters", "system:authenticated"],
      extra: { why: ["test"] },
    });
    assert.equal(first.requestObject, undefined);
    assert.deepEqual((last.requestObject as { data: unknown }).data, { x: "1" });
    const answer = last.responseObject as { metadata: { uid?: string; managedFields?: unknown } };
    assert.ok(answer.metadata.uid);
    assert.equal(answer.metadata.managedFields, undefined);
    assert.deepEqual(last.objectRef, { resource: "configmaps", namespace: "default", name: "a", apiVersion: "v1" });
    assert.deepEqual(last.responseStatus, { metadata: {}, code: 201 });
    assert.deepEqual(last.annotations, { "authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": "" });
  });

  it("tells no object at the level of metadata, and why something was refused", async () => {
    const events = await audited("rules: [{level: Metadata, users: [jane]}]", async ({ user }) => {
      await assert.rejects(user("jane").get(secrets, { namespace: "default", name: "s" }));
    });
    const last = events.at(-1) as AuditEvent;
    assert.equal(last.responseObject, undefined);
    assert.deepEqual(last.annotations, {
      "authorization.k8s.io/decision": "forbid",
      "authorization.k8s.io/reason": "",
    });
    const { reason, code, message } = last.responseStatus as Record<string, string>;
    assert.deepEqual([reason, code], ["Forbidden", 403]);
    assert.match(String(message), /secrets "s" is forbidden/);
  });

  it("tells of an answer that is another server's when that ends, and how", () => {
    for (const [isWhole, stage, status] of [
      [true, "ResponseComplete", { metadata: {}, code: 200 }],
      [
        false,
        "Panic",
        {
          metadata: {},
          status: "Failure",
          message: "APIServer panic'd: net/http: abort Handler",
          reason: "InternalError",
          code: 500,
        },
      ],
    ] as const) {
      const events: AuditEvent[] = [];
      const exchange = { url: "/", header: () => undefined, peer: { address: "" } } as unknown as CoreExchange;
      const record = new AuditRecord({
        id: "1",
        wanted: { level: "Metadata", omitStages: new Set(), omitManagedFields: false },
        exchange,
        info: readRequestInfo("GET", "/apis/metrics.k8s.io/v1/pods"),
        user: jane,
        now: () => 0,
        sink: { tell: (told) => void events.push(told) },
      });
      record.handOn();
      void record.answered(200);
      assert.deepEqual(events, []);
      record.handedOn(isWhole);
      void record.answered(200);
      assert.deepEqual(
        events.map(({ stage: at, responseStatus }) => [at, responseStatus]),
        [[stage, status]],
      );
    }
  });

  it("tells when a watch begins and when it ends", async () => {
    const events = await audited("rules: [{level: Metadata, verbs: [watch]}]", async ({ admin }) => {
      const handle = await admin.watch(configmaps, { namespace: "default" }, { events() {}, closed() {} });
      handle.stop();
    });
    assert.deepEqual(
      events.map(({ stage }) => stage),
      ["RequestReceived", "ResponseStarted", "ResponseComplete"],
    );
  });
});

describe("events", () => {
  it("lose their objects, and then themselves, when they are too large", () => {
    const large = { ...event, requestObject: { data: "x".repeat(1000) } };
    assert.equal(truncated(large, 10_000), large);
    assert.deepEqual(truncated(large, 800), { ...event, annotations: { "audit.k8s.io/truncated": "true" } });
    assert.equal(truncated(large, 100), undefined);
  });

  it("are one line in the older form", () => {
    assert.equal(
      legacyLine({ ...event, sourceIPs: ["10.0.0.1"], responseStatus: { code: 200 } }),
      '1970-01-01T00:00:00.000000Z AUDIT: id="1" stage="ResponseComplete" ip="10.0.0.1" method="get" user="jane" groups="a","b" as="<self>" asgroups="<lookup>" user-agent="" namespace="<none>" uri="/x" response="200"',
    );
    assert.equal(microTime(1.5), "1970-01-01T00:00:00.001500Z");
  });
});

describe("the log file", () => {
  it("is set aside when it is full, and old ones go by number and age", async () => {
    const dir = folder();
    const clock = new VirtualClock();
    try {
      const path = join(dir, "audit.log");
      const file = new LogFile(path, { maxBytes: 10, maxAgeMs: 60_000, maxBackups: 2 }, clock);
      for (const line of ["12345678\n", "abcdefgh\n", "ABCDEFGH\n", "last one\n"]) {
        file.write(line);
        await clock.advance(1000);
      }
      assert.equal(readFileSync(path, "utf8"), "last one\n");
      assert.equal(statSync(path).mode & 0o777, 0o600);
      const old = () =>
        readdirSync(dir)
          .filter((name) => name !== "audit.log")
          .sort();
      assert.deepEqual(
        old().map((name) => readFileSync(join(dir, name), "utf8")),
        ["abcdefgh\n", "ABCDEFGH\n"],
      );
      await clock.advance(120_000);
      file.write("much later\n");
      assert.equal(old().length, 1);
      file.close();
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});

describe("batches", () => {
  const options = { bufferSize: 5, maxSize: 2, maxWaitMs: 100, throttle: undefined };

  it("go when they are full, or when the first event has waited long enough", async () => {
    const clock = new VirtualClock();
    const sent: number[] = [];
    const batches = new Batches(
      options,
      clock,
      async (events) => void sent.push(events.length),
      () => assert.fail("nothing is to be dropped"),
    );
    batches.tell(event);
    batches.tell(event);
    batches.tell(event);
    await clock.advance(99);
    assert.deepEqual(sent, [2]);
    await clock.advance(1);
    assert.deepEqual(sent, [2, 1]);
  });

  it("drop what nobody takes in time, and go on", async () => {
    const clock = new VirtualClock();
    let dropped = 0;
    const gate = Promise.withResolvers<void>();
    const batches = new Batches(
      options,
      clock,
      () => gate.promise,
      (count) => (dropped += count),
    );
    for (let i = 0; i < 8; i++) batches.tell(event);
    assert.equal(dropped, 3);
    gate.reject(new Error("down"));
    await clock.advance(1000);
    assert.equal(dropped, 8);
  });

  it("are slowed down", async () => {
    const clock = new VirtualClock();
    let sent = 0;
    const slow = { ...options, maxSize: 1, bufferSize: 100, throttle: { rate: 1, burst: 2 } };
    const batches = new Batches(
      slow,
      clock,
      async () => void sent++,
      () => assert.fail("nothing is to be dropped"),
    );
    for (let i = 0; i < 4; i++) batches.tell(event);
    await clock.advance(10);
    assert.equal(sent, 2);
    await clock.advance(2000);
    assert.equal(sent, 4);
  });
});

it("refuses requests that cannot be told of, where all must be", async () => {
  const dir = folder();
  const policy = join(dir, "policy.yaml");
  writeFileSync(policy, "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata}]\n");
  const refusedWith = async (mode: string) => {
    const registry = new MetricsRegistry();
    // A file that is always full.
    const flags = { "audit-policy-file": policy, "audit-log-path": "/dev/full", "audit-log-mode": mode };
    const running = (await setUpAudit(flags as unknown as Parameters<typeof setUpAudit>[0], {
      clock: new VirtualClock(),
      random: seededRandom(1),
      log: silentLogger,
      metrics: new AuditMetrics(registry),
      egress: {},
    })) as RunningAudit;
    const cluster = await startTestServer();
    Object.assign(cluster.server.context, { audit: running.audit });
    const { status } = await cluster.admin.raw("GET", "/api/v1/namespaces/default");
    running.close();
    await cluster.close();
    return [status, told(registry, "apiserver_audit_requests_rejected_total")];
  };
  assert.deepEqual(await refusedWith("blocking"), [200, 0]);
  assert.deepEqual(await refusedWith("blocking-strict"), [500, 1]);
  rmSync(dir, { recursive: true });
});
