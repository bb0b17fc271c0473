import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { setImmediate } from "node:timers/promises";
import * as refs from "@kubets/api/generated/refs";
import type { Client } from "@kubets/client/client";
import { type Status, StatusError, seededRandom, silentLogger, VirtualClock } from "@kubets/machinery";
import { MetricsRegistry } from "@kubets/machinery/metrics";
import { MemoryStorage } from "@kubets/storage";
import { AuditMetrics } from "../audit/metrics.ts";
import { type RunningAudit, setUpAudit } from "../audit/setup.ts";
import { LiveEncryption } from "../encryption/live-encryption.ts";
import { startTestServer, type TestServerOptions } from "../testing/server.ts";
import { definitionOfThings, untilServed } from "../testing/things.ts";

const GATE = "AllowUnsafeMalformedObjectDeletion";
const OPTION = "ignoreStoreReadErrorWithClusterBreakingPotential";
const SECRETS = "/api/v1/namespaces/default/secrets";
const ignoring = { [OPTION]: true };
const secret = (name: string, more: object = {}) => ({ metadata: { name, namespace: "default", ...more } });

/** Servers, one after the other, on one storage; the keys of each are named. */
function servers(t: TestContext, resources = ["secrets"]) {
  const folder = mkdtempSync(join(tmpdir(), "kubets-unreadable-"));
  const path = join(folder, "encryption.json");
  const clock = new VirtualClock();
  const storage = new MemoryStorage({ clock });
  const stops: (() => void)[] = [];
  t.after(async () => {
    for (const stop of stops) stop();
    await storage.close();
    rmSync(folder, { recursive: true });
  });
  const keys = (names: string) => {
    const key = (name: string) => ({ name, secret: Buffer.alloc(32, name).toString("base64") });
    const providers = [{ aesgcm: { keys: names.split("").map(key) } }];
    const head = { apiVersion: "apiserver.config.k8s.io/v1", kind: "EncryptionConfiguration" };
    writeFileSync(path, JSON.stringify({ ...head, resources: [{ resources, providers }] }));
  };
  const start = async (names: string, options: TestServerOptions = {}) => {
    keys(names);
    const encryption = await LiveEncryption.open(path, { reload: false, clock, log: silentLogger });
    const cluster = await startTestServer({ storage, encryption, ...options });
    const stop = () => cluster.server.close();
    stops.push(stop);
    return { ...cluster, stop, keys: (now: string) => (keys(now), encryption.reload()) };
  };
  return { folder, storage, start };
}

async function ask(client: Client, method: string, path: string, body?: object) {
  const headers = { "content-type": method === "PATCH" ? "application/merge-patch+json" : "application/json" };
  const answer = await client.raw(method, path, body, headers);
  const said = JSON.parse(Buffer.from(answer.body).toString()) as Status & { items?: { metadata: { name: string } }[] };
  return { ...said, status: answer.status };
}

/** Two secrets of a key that is gone, and one beside them. */
async function broken(t: TestContext, options: TestServerOptions = {}, more: object = {}) {
  const { start, storage } = servers(t);
  const first = await start("a");
  for (const name of ["one", "two"]) await first.admin.create(refs.secrets, secret(name, more));
  first.stop();
  const cluster = await start("b", options);
  await cluster.admin.create(refs.secrets, secret("three"));
  return { ...cluster, start, storage };
}

describe("an object whose key is gone", () => {
  it("is told of by name, and keeps nobody from its neighbours", async (t) => {
    const { admin } = await broken(t);
    assert.equal((await ask(admin, "GET", `${SECRETS}/three`)).status, 200);
    assert.equal((await ask(admin, "PATCH", `${SECRETS}/three`, { metadata: { labels: { a: "b" } } })).status, 200);
    assert.equal((await ask(admin, "GET", `${SECRETS}?fieldSelector=metadata.name%3Dthree`)).items?.length, 1);
    assert.equal((await ask(admin, "GET", "/api/v1/namespaces/kube-system/secrets")).status, 200);
    const asked: [method: string, path: string, body?: object][] = [
      ["GET", `${SECRETS}/one`],
      ["GET", `${SECRETS}/one?resourceVersion=0`],
      ["PUT", `${SECRETS}/one`, { kind: "Secret", apiVersion: "v1", ...secret("one") }],
      ["PATCH", `${SECRETS}/one`, {}],
      ["DELETE", `${SECRETS}/one`],
    ];
    for (const [method, path, body] of asked) {
      const { status, reason, message } = await ask(admin, method, path, body);
      assert.deepEqual([status, reason], [500, "InternalError"], method);
      assert.match(
        message ?? "",
        /^Internal error occurred: StorageError: corrupt object, Code: 7, Key: \/registry\/se/,
      );
      assert.match(message ?? "", /data from the storage is not transformable revision=0: no matching prefix found$/);
    }
    await assert.rejects(
      admin.apply(refs.secrets, { kind: "Secret", apiVersion: "v1", ...secret("one") }, { fieldManager: "x" }),
      /corrupt object/,
    );
    for (const path of [SECRETS, `${SECRETS}?dryRun=All`])
      assert.equal((await ask(admin, "POST", path, secret("one"))).reason, "AlreadyExists", path);
  });

  it("is named where it should stand in a list, and a watch cannot begin with what is there", async (t) => {
    const { admin } = await broken(t);
    for (const path of [SECRETS, "/api/v1/secrets", `${SECRETS}?limit=1`, `${SECRETS}?labelSelector=a%3Db`]) {
      const { status, reason, message, details } = await ask(admin, "GET", path);
      assert.deepEqual([status, reason], [500, "StorageReadError"], path);
      assert.equal(message, "failed to read one or more secrets from the storage");
      assert.deepEqual(
        details?.causes?.map(({ field, reason: type }) => [field, type]),
        ["one", "two"].map((name) => [`/registry/secrets/default/${name}`, "UnexpectedServerResponse"]),
      );
    }
    assert.equal((await ask(admin, "DELETE", SECRETS)).reason, "StorageReadError");
    assert.equal((await ask(admin, "GET", `${SECRETS}/three`)).status, 200, "a collection is deleted whole or not");
    const sink = { events: () => assert.fail(), closed() {} };
    for (const options of [{}, { sendInitialEvents: true, resourceVersionMatch: "NotOlderThan" as const }])
      await assert.rejects(
        admin.watch(refs.secrets, { namespace: "default", ...options }, sink),
        (error: StatusError) => error.reason === "StorageReadError",
      );
  });

  it("can be deleted though finalizers hold it, and then all is as ever", async (t) => {
    const { admin, storage } = await broken(t, {}, { finalizers: ["example.com/held"] });
    const { resourceVersion } = (await admin.get(refs.secrets, { namespace: "default", name: "three" })).metadata;
    const heard: unknown[] = [];
    const over = Promise.withResolvers<void>();
    const sink = {
      events: (batch: readonly unknown[]) => void heard.push(...batch),
      closed: () => over.resolve(),
    };
    await admin.watch(refs.secrets, { resourceVersion }, sink);
    const { metadata: _, ...answer } = await ask(admin, "DELETE", `${SECRETS}/one`, ignoring);
    assert.deepEqual(answer, {
      kind: "Status",
      apiVersion: "v1",
      status: 200,
      details: { name: "one", kind: "Secret" },
      code: 200,
    });
    await over.promise;
    assert.deepEqual(heard, [], "nobody knows what went; who watched lists anew");
    await assert.rejects(
      new Promise((_resolve, reject) =>
        admin.watch(refs.secrets, { resourceVersion }, { events: () => assert.fail(), closed: reject }),
      ),
      /too old resource version/,
    );
    assert.equal((await ask(admin, "GET", `${SECRETS}/one`)).reason, "NotFound");
    assert.equal((await ask(admin, "DELETE", `${SECRETS}/two?${OPTION}=true`)).status, 200);
    assert.deepEqual(
      (await ask(admin, "GET", SECRETS)).items?.map(({ metadata }) => metadata.name),
      ["three"],
    );
    assert.equal(await storage.count("/registry/secrets/default/"), 1);
    assert.equal((await ask(admin, "POST", SECRETS, secret("one"))).status, 201);
  });

  it("is not deleted so when it can be read, or is not there", async (t) => {
    const { admin } = await broken(t);
    for (const name of ["three", "four"]) {
      const { status, message } = await ask(admin, "DELETE", `${SECRETS}/${name}`, ignoring);
      assert.equal(status, 422);
      assert.equal(
        message,
        `secrets "${name}" is invalid: ${OPTION}: Invalid value: true: is exclusively used to delete corrupt object(s), try again by removing this option`,
      );
    }
    assert.equal((await ask(admin, "GET", `${SECRETS}/three`)).status, 200);
  });

  it("is read again when its key is back, without a restart", async (t) => {
    const { admin, keys } = await broken(t);
    await keys("ba");
    assert.equal((await ask(admin, "GET", SECRETS)).items?.length, 3);
    assert.equal((await ask(admin, "DELETE", `${SECRETS}/one`, ignoring)).status, 422);
    assert.equal((await ask(admin, "DELETE", `${SECRETS}/one`)).status, 200);
  });

  it("is known as long as memory holds it, and can be rescued or deleted by then", async (t) => {
    const { start, storage } = servers(t);
    const { admin, keys } = await start("a");
    for (const name of ["one", "two"]) await admin.create(refs.secrets, secret(name));
    await keys("b");
    assert.equal((await ask(admin, "GET", SECRETS)).items?.length, 2);
    const told: string[] = [];
    const sink = {
      events: (batch: readonly { type: string }[]) => void told.push(...batch.map(({ type }) => type)),
      closed() {},
    };
    await admin.watch(refs.secrets, { namespace: "default" }, sink);
    assert.equal((await ask(admin, "DELETE", `${SECRETS}/one`, ignoring)).status, 200);
    assert.deepEqual(told, ["ADDED", "ADDED", "DELETED"]);
    assert.equal((await ask(admin, "PATCH", `${SECRETS}/two`, {})).status, 200);
    const stored = Buffer.from((await storage.get("/registry/secrets/default/two"))?.value ?? "").toString("latin1");
    assert.match(stored, /^k8s:enc:aesgcm:v1:b:/);
  });

  it("stays as it is where the gate is closed, and the option says nothing", async (t) => {
    const { admin } = await broken(t, { off: [GATE] });
    for (const method of ["GET", "DELETE"]) {
      const { status, message } = await ask(
        admin,
        method,
        `${SECRETS}/one`,
        method === "DELETE" ? ignoring : undefined,
      );
      assert.deepEqual([status, message], [500, "Internal error occurred: no matching prefix found"]);
    }
    const list = await ask(admin, "GET", SECRETS);
    assert.equal(list.reason, "InternalError");
    assert.match(list.message ?? "", /unable to transform key "\/registry\/secrets\/default\/one": no matching prefix/);
    assert.equal((await ask(admin, "DELETE", `${SECRETS}/three`, { ...ignoring, gracePeriodSeconds: 0 })).status, 200);
  });
});

describe("the option", () => {
  it("is not taken together with what would be respected of an object that is known", async (t) => {
    const { admin } = await broken(t);
    const others = {
      dryRun: ["All"],
      propagationPolicy: "Orphan",
      orphanDependents: false,
      gracePeriodSeconds: 0,
      preconditions: { uid: "x" },
    };
    for (const [name, value] of Object.entries(others)) {
      const { status, message } = await ask(admin, "DELETE", `${SECRETS}/one`, { ...ignoring, [name]: value });
      assert.equal(status, 422);
      assert.equal(
        message,
        `DeleteOptions.meta.k8s.io "" is invalid: ${OPTION}: Invalid value: true: cannot be set together with .${name}`,
      );
    }
    const collection = await ask(admin, "DELETE", SECRETS, ignoring);
    assert.match(
      collection.message ?? "",
      /is not allowed with DELETECOLLECTION, try again after removing the option$/,
    );
  });

  it("needs a right of its own, and the audit tells of who asked", async (t) => {
    const { start, folder } = servers(t);
    const first = await start("a");
    await first.admin.create(refs.secrets, secret("one"));
    first.stop();
    const [policy, log] = [join(folder, "policy.yaml"), join(folder, "audit.log")];
    writeFileSync(policy, "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata, verbs: [delete]}]\n");
    const flags = { "audit-policy-file": policy, "audit-log-path": log, "audit-log-mode": "blocking" };
    const { audit, close } = (await setUpAudit(flags as unknown as Parameters<typeof setUpAudit>[0], {
      clock: new VirtualClock(),
      random: seededRandom(1),
      log: silentLogger,
      metrics: new AuditMetrics(new MetricsRegistry()),
      egress: {},
    })) as RunningAudit;
    t.after(close);
    const { admin, user } = await start("b", { modes: ["RBAC"], audit });
    const grant = async (name: string, ...verbs: string[]) => {
      const key = { namespace: "default", name };
      const apiGroup = "rbac.authorization.k8s.io";
      await admin.create(refs.roles, { metadata: key, rules: [{ apiGroups: [""], resources: ["secrets"], verbs }] });
      await admin.create(refs.rolebindings, {
        metadata: key,
        roleRef: { apiGroup, kind: "Role", name },
        subjects: [{ kind: "User", apiGroup, name: "croc" }],
      });
    };
    await grant("deleter", "delete");
    const croc = user("croc");
    const refused = await ask(croc, "DELETE", `${SECRETS}/one`, ignoring);
    assert.equal(refused.reason, "Forbidden");
    assert.equal(
      refused.message,
      'secrets "one" is forbidden: not permitted to do "unsafe-delete-ignore-read-errors", reason: ',
    );
    await grant("breaker", "unsafe-delete-ignore-read-errors");
    assert.equal((await ask(croc, "DELETE", `${SECRETS}/one`, ignoring)).status, 200);
    assert.equal((await ask(croc, "DELETE", `${SECRETS}/one`)).status, 404);
    const KEY = "apiserver.k8s.io/unsafe-delete-ignore-read-error";
    const annotations = readFileSync(log, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { stage: string; annotations?: Record<string, string> })
      .filter(({ stage }) => stage === "ResponseComplete")
      .map((event) => event.annotations?.[KEY]);
    assert.deepEqual(annotations, ["", "", undefined]);
  });

  it("is shown to admission, with nothing of the object but its name", async (t) => {
    const seen: unknown[] = [];
    const { admin } = await broken(t, {
      own: [
        {
          name: "Guard",
          handles: (operation, { resource }) => operation === "DELETE" && resource === "secrets",
          validate({ name, old, options }) {
            seen.push([name, old, options]);
            if (name === "two") throw new StatusError({ code: 403, reason: "Forbidden", message: "not that one" });
          },
        },
      ],
    });
    assert.equal((await ask(admin, "DELETE", `${SECRETS}/one`, ignoring)).status, 200);
    assert.equal((await ask(admin, "DELETE", `${SECRETS}/two`, ignoring)).message, "not that one");
    const old = { kind: "Secret", apiVersion: "v1", metadata: {} };
    assert.deepEqual(seen, [
      ["one", old, ignoring],
      ["two", old, ignoring],
    ]);
    assert.equal((await ask(admin, "GET", `${SECRETS}/two`)).reason, "InternalError");
  });
});

it("a server whose keys are all gone starts", async (t) => {
  const { start } = servers(t, ["*.*"]);
  (await start("a")).stop();
  const { admin, keys } = await start("b");
  const NAMESPACE = "/api/v1/namespaces/default";
  assert.equal((await ask(admin, "GET", NAMESPACE)).reason, "InternalError");
  await keys("ba");
  assert.equal((await ask(admin, "GET", NAMESPACE)).status, 200);
});

it("what admission cannot read is not taken as absent", async (t) => {
  const { start } = servers(t, ["validatingwebhookconfigurations.admissionregistration.k8s.io", "namespaces"]);
  const first = await start("a");
  const rules = [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["secrets"] }];
  const clientConfig = { url: "https://127.0.0.1:1/" };
  const webhook = { name: "a.example.com", rules, clientConfig, sideEffects: "None", admissionReviewVersions: ["v1"] };
  await first.admin.create(refs.validatingwebhookconfigurations, { metadata: { name: "w" }, webhooks: [webhook] });
  first.stop();
  const { admin } = await start("b");
  const CONFIGURATION = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/w";
  const makeNode = () => ask(admin, "POST", "/api/v1/nodes", { metadata: { name: "n" } });
  assert.match((await makeNode()).message ?? "", /forbidden: not yet ready to handle request$/);
  assert.equal((await ask(admin, "DELETE", CONFIGURATION, ignoring)).status, 200);
  assert.equal((await makeNode()).status, 201);
  const made = await ask(admin, "POST", SECRETS, secret("one"));
  assert.equal(made.reason, "InternalError");
  assert.match(made.message ?? "", /corrupt object, Code: 7, Key: \/registry\/namespaces\/default,/);
});

it("the address of a service that cannot be read stays its own", async (t) => {
  const { start } = servers(t, ["services"]);
  const first = await start("a");
  const service = (name: string, spec: object = {}) => ({
    metadata: { name, namespace: "default" },
    spec: { ports: [{ port: 80 }], ...spec },
  });
  const { clusterIP = "" } = (await first.admin.create(refs.services, service("web"))).spec;
  first.stop();
  const { admin, clock } = await start("b");
  // Services that are just being made have a minute; addresses that are left over are looked for each three minutes.
  await clock.advance(200_000);
  await assert.rejects(
    admin.create(refs.services, service("other", { clusterIP })),
    /corrupt object, Code: 7, Key: \/registry\/services\/specs\/default\/web,/,
  );
  assert.equal((await admin.get(refs.ipaddresses, { name: clusterIP })).spec.parentRef?.name, "web");
});

it("custom resources that are damaged are told apart, and keep their definition until they are gone", async (t) => {
  const { start, storage } = servers(t);
  const first = await start("a");
  await first.admin.create(refs.customresourcedefinitions, definitionOfThings());
  await untilServed(first.server);
  const THINGS = "/apis/example.com/v1/things";
  const thing = (name: string) => ({ kind: "Thing", apiVersion: "example.com/v1", metadata: { name } });
  for (const name of ["one", "two"]) assert.equal((await ask(first.admin, "POST", THINGS, thing(name))).status, 201);
  first.stop();
  const key = "/registry/example.com/things/one";
  const value = Buffer.from((await storage.get(key))?.value ?? "");
  await storage.commit({ key, value: () => value.subarray(0, -2) });
  const { admin, server } = await start("a");
  await untilServed(server);
  assert.equal((await ask(admin, "GET", `${THINGS}/two`)).status, 200);
  assert.match((await ask(admin, "GET", `${THINGS}/one`)).message ?? "", /object not decodable revision=\d+: /);
  assert.equal((await ask(admin, "GET", THINGS)).details?.causes?.length, 1);
  await admin.delete(refs.customresourcedefinitions, { name: "things.example.com" });
  const isThere = async (path: string) => (await ask(admin, "GET", path)).status !== 404;
  while (await isThere(`${THINGS}/two`)) await setImmediate();
  assert.ok(await isThere(`${THINGS}/one`));
  assert.equal((await ask(admin, "DELETE", `${THINGS}/one`, ignoring)).status, 200);
  while (await isThere("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.example.com"))
    await setImmediate();
});
