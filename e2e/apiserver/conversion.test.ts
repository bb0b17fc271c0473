/** Several versions of a custom kind, converted by a webhook over real HTTPS: reads, writes, watches, and what becomes of a webhook that fails. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { customresourcedefinitions } from "@kubets/api/generated/refs";
import type { KubeObject } from "@kubets/api/meta";
import { customResource } from "@kubets/api/resource-ref";
import type { WatchEvent } from "@kubets/client/client";
import { MemoryStorage } from "@kubets/storage";
import { startApiServer } from "../api-server.ts";
import { asker } from "./api.ts";
import { type HttpsServer, startHttps } from "./https-server.ts";
import { startWebhooks } from "./webhook-server.ts";

interface Person extends KubeObject {
  readonly spec: Readonly<Record<string, string>>;
}

interface Review {
  readonly request: { readonly uid: string; readonly desiredAPIVersion: string; readonly objects: readonly Person[] };
}

const GROUP = "people.example";
const people = (version: string) =>
  customResource<Person>({ group: GROUP, version, resource: "persons", kind: "Person", namespaced: true });

/** v1 has a name, v2 its first and last part. */
function convert(object: Person, apiVersion: string): Person {
  const { name, first, last } = object.spec;
  const [given = "", family = ""] = name?.split(" ") ?? [];
  const spec: Person["spec"] = apiVersion.endsWith("/v1")
    ? { name: `${first} ${last}` }
    : { first: given, last: family };
  return { ...object, apiVersion, spec };
}

const version = (name: string, storage: boolean, ...fields: string[]) => ({
  name,
  served: true,
  storage,
  schema: {
    openAPIV3Schema: {
      type: "object",
      properties: {
        spec: { type: "object", properties: Object.fromEntries(fields.map((field) => [field, { type: "string" }])) },
      },
    },
  },
});

describe("conversion by a webhook", () => {
  let server: Awaited<ReturnType<typeof startApiServer>>;
  let hook: HttpsServer;
  let answer: (review: Review) => object;
  const asked: string[] = [];
  const fine = ({ request }: Review) => ({
    uid: request.uid,
    result: { status: "Success" },
    convertedObjects: request.objects.map((object) => convert(object, request.desiredAPIVersion)),
  });

  before(async () => {
    answer = fine;
    hook = await startHttps(
      (request, response, body) => {
        const review = JSON.parse(body) as Review;
        asked.push(`${request.method} ${(request.url ?? "").split("?")[0]} ${review.request.desiredAPIVersion}`);
        const text = JSON.stringify({
          kind: "ConversionReview",
          apiVersion: "apiextensions.k8s.io/v1",
          response: answer(review),
        });
        response.writeHead(200, { "content-type": "application/json" }).end(text);
      },
      { dnsNames: ["localhost", "convert.default.svc"] },
    );
    server = await startApiServer(new MemoryStorage());
    await server.client.raw("POST", "/api/v1/namespaces", { metadata: { name: "default" } });
    await server.client.create(customresourcedefinitions, {
      metadata: { name: `persons.${GROUP}` },
      spec: {
        group: GROUP,
        scope: "Namespaced",
        names: { plural: "persons", kind: "Person" },
        versions: [version("v1", true, "name"), version("v2", false, "first", "last")],
        conversion: {
          strategy: "Webhook",
          webhook: {
            clientConfig: { url: `${hook.url}/convert`, caBundle: hook.caBundle },
            conversionReviewVersions: ["v1"],
          },
        },
      },
    });
    while (!server.served.get(GROUP, "v2", "persons")) await new Promise((resolve) => setImmediate(resolve));
  });
  after(async () => {
    await server.stop();
    await hook.close();
  });

  const key = (name: string) => ({ namespace: "default", name });
  const refusal = (promise: Promise<unknown>) =>
    promise.then(
      () => assert.fail("not refused"),
      (e: Error) => e.message,
    );

  it("shows each version what the other wrote", async () => {
    await server.client.create(people("v1"), { metadata: key("ada"), spec: { name: "Ada Lovelace" } });
    assert.deepEqual((await server.client.get(people("v2"), key("ada"))).spec, { first: "Ada", last: "Lovelace" });
    const made = await server.client.create(people("v2"), {
      metadata: key("alan"),
      spec: { first: "Alan", last: "Turing" },
    });
    assert.equal(made.apiVersion, `${GROUP}/v2`);
    assert.deepEqual((await server.client.get(people("v1"), key("alan"))).spec, { name: "Alan Turing" });
    const { items } = await server.client.list(people("v2"), { namespace: "default" });
    assert.deepEqual(
      items.map(({ spec }) => spec["last"]),
      ["Lovelace", "Turing"],
    );
    assert.ok(
      asked.every((line) => line.startsWith("POST /convert ")),
      asked.join("\n"),
    );
  });

  it("does not ask for what is in the version already", async () => {
    const before = asked.length;
    await server.client.get(people("v1"), key("ada"));
    assert.equal(asked.length, before);
  });

  it("changes in one version, with the owners of fields in each", async () => {
    const patched = await server.client.patch(people("v2"), key("ada"), {
      type: "merge",
      body: { spec: { last: "Byron" } },
    });
    assert.deepEqual(patched.spec, { first: "Ada", last: "Byron" });
    assert.deepEqual((await server.client.get(people("v1"), key("ada"))).spec, { name: "Ada Byron" });
  });

  it("tells watchers of a version in it", async () => {
    const seen: WatchEvent<Person>[] = [];
    let wake = () => {};
    const { metadata } = await server.client.list(people("v2"), { namespace: "default" });
    const watch = await server.client.watch(
      people("v2"),
      { namespace: "default", resourceVersion: metadata.resourceVersion },
      { events: (batch) => (seen.push(...batch), wake()), closed: () => {} },
    );
    await server.client.create(people("v1"), { metadata: key("grace"), spec: { name: "Grace Hopper" } });
    await server.client.delete(people("v1"), key("grace"));
    while (seen.length < 2) await new Promise<void>((resolve) => (wake = resolve));
    watch.stop();
    assert.deepEqual(
      seen.map(({ type, object }) => [type, object.apiVersion, object.spec["last"]]),
      [
        ["ADDED", `${GROUP}/v2`, "Hopper"],
        ["DELETED", `${GROUP}/v2`, "Hopper"],
      ],
    );
  });

  it("says what the webhook said, or what it did wrong, and goes on when it is well again", async () => {
    const fails = async (response: (review: Review) => object, why: RegExp) => {
      answer = response;
      assert.match(
        await refusal(server.client.create(people("v2"), { metadata: key("x"), spec: { first: "a", last: "b" } })),
        why,
      );
    };
    const failed =
      (message: string) =>
      ({ request }: Review) => ({ uid: request.uid, result: { status: "Failed", message } });
    await fails(
      failed("no names today"),
      /^conversion webhook for people\.example\/v2, Kind=Person failed: no names today$/,
    );
    await fails((review) => ({ ...fine(review), uid: "other" }), /expected response\.uid=/);
    await fails((review) => ({ ...fine(review), convertedObjects: [] }), /returned 0 objects, expected 1$/);
    const renamed = (review: Review) => {
      const convertedObjects = review.request.objects.map((o) => ({
        ...convert(o, review.request.desiredAPIVersion),
        metadata: { ...o.metadata, name: "y" },
      }));
      return { ...fine(review), convertedObjects };
    };
    await fails(renamed, /invalid converted object at index 0: must have the same name/);
    answer = fine;
    await server.client.create(people("v2"), { metadata: key("x"), spec: { first: "a", last: "b" } });
    assert.deepEqual((await server.client.get(people("v1"), key("x"))).spec, { name: "a b" });
  });

  it("shows webhooks and policies the version that they ask for, and takes back what they change in it", async () => {
    const registration = "/apis/admissionregistration.k8s.io/v1";
    const reviews = await startWebhooks();
    after(() => reviews.close());
    const rules = [
      { apiGroups: [GROUP], apiVersions: ["v2"], operations: ["CREATE", "UPDATE"], resources: ["persons"] },
    ];
    const made = async (path: string, name: string, more: object) =>
      void (await server.client.raw("POST", `${registration}/${path}`, { metadata: { name }, ...more }));
    const removed = (path: string, name: string) => server.client.raw("DELETE", `${registration}/${path}/${name}`);
    reviews.answer("/second", ({ object, oldObject }) => ({
      allowed: true,
      patch: oldObject
        ? []
        : [{ op: "replace", path: "/spec/first", value: String(object.spec["first"]).toUpperCase() }],
    }));
    const webhook = (name: string, matchPolicy: string, path: string) => ({
      name,
      matchPolicy,
      rules,
      clientConfig: { url: `${reviews.url}${path}`, caBundle: reviews.caBundle },
      matchConditions: [{ name: "first", expression: "object.spec.first != ''" }],
      sideEffects: "None",
      admissionReviewVersions: ["v1"],
    });
    reviews.answer("/never", () => ({ allowed: false }));
    await made("mutatingwebhookconfigurations", "second", {
      webhooks: [webhook("a.test.example", "Equivalent", "/second"), webhook("b.test.example", "Exact", "/never")],
    });
    const matchConstraints = { resourceRules: rules };
    await made("mutatingadmissionpolicies", "titled", {
      spec: {
        matchConstraints,
        reinvocationPolicy: "Never",
        mutations: [
          {
            patchType: "JSONPatch",
            jsonPatch: { expression: "[JSONPatch{op: 'replace', path: '/spec/last', value: object.spec.last + '!'}]" },
          },
        ],
      },
    });
    await made("mutatingadmissionpolicybindings", "titled", { spec: { policyName: "titled" } });
    await made("validatingadmissionpolicies", "named", {
      spec: {
        matchConstraints,
        validations: [{ expression: "object.spec.first != 'NOBODY'", messageExpression: "'not ' + object.spec.last" }],
      },
    });
    await made("validatingadmissionpolicybindings", "named", {
      spec: { policyName: "named", validationActions: ["Deny"] },
    });
    const mary = { metadata: key("mary"), spec: { name: "Mary Somerville" } };
    const first = await server.client.create(people("v1"), mary);
    assert.deepEqual([first.apiVersion, first.spec], [`${GROUP}/v1`, { name: "MARY Somerville!" }]);
    const [review] = reviews.asked("/second");
    assert.deepEqual(
      [review?.object.apiVersion, review?.object.spec, review?.resource["version"], review?.requestResource["version"]],
      [`${GROUP}/v2`, { first: "Mary", last: "Somerville!" }, "v2", "v1"],
    );
    const changed = await server.client.update(people("v1"), { ...first, spec: { name: "Mary Greig" } });
    assert.deepEqual(changed.spec, { name: "Mary Greig!" });
    assert.deepEqual(reviews.asked("/second")[1]?.oldObject.spec, { first: "MARY", last: "Somerville!" });
    assert.match(
      await refusal(server.client.create(people("v1"), { metadata: key("x1"), spec: { name: "Nobody Else" } })),
      /denied request: not Else!$/,
    );
    assert.deepEqual(reviews.asked("/never"), []);
    answer = ({ request }) => ({ uid: request.uid, result: { status: "Failed", message: "no names today" } });
    assert.match(
      await refusal(server.client.create(people("v1"), { metadata: key("x1"), spec: { name: "Any Body" } })),
      /^Internal error occurred: conversion webhook for people\.example\/v1, Kind=Person failed: no names today$/,
    );
    answer = fine;
    await removed("mutatingwebhookconfigurations", "second");
    for (const [kind, name] of [
      ["mutatingadmission", "titled"],
      ["validatingadmission", "named"],
    ] as const)
      for (const what of ["policybindings", "policies"]) await removed(`${kind}${what}`, name);
  });

  it("may be a service of the cluster", async () => {
    await server.client.raw("POST", "/api/v1/namespaces/default/services", {
      metadata: { name: "convert" },
      spec: { type: "ExternalName", externalName: "localhost" },
    });
    const service = { namespace: "default", name: "convert", path: "/by-service", port: hook.port };
    const body = { spec: { conversion: { webhook: { clientConfig: { url: null, service } } } } };
    await server.client.patch(customresourcedefinitions, { name: `persons.${GROUP}` }, { type: "merge", body });
    await server.client.create(people("v1"), {
      metadata: key("grace"),
      spec: { name: "Grace Hopper" },
    } as never);
    // Served anew once the definition has been looked at.
    while (!asked.some((line) => line.includes("/by-service"))) await server.client.get(people("v2"), key("grace"));
    assert.deepEqual((await server.client.get(people("v2"), key("grace"))).spec, { first: "Grace", last: "Hopper" });
  });
});

it("versions that differ in their schemas alone are each read as their own, over and over", async () => {
  const own = await startApiServer(new MemoryStorage());
  const ask = asker(own.overHttps);
  await ask("POST", "/api/v1/namespaces", { metadata: { name: "default" } });
  await own.client.create(customresourcedefinitions, {
    metadata: { name: `persons.${GROUP}` },
    spec: {
      group: GROUP,
      scope: "Namespaced",
      names: { plural: "persons", kind: "Person" },
      versions: [version("v1", true, "name", "both"), version("v2", false, "last", "both")],
    },
  });
  while (!own.served.get(GROUP, "v2", "persons")) await new Promise((resolve) => setImmediate(resolve));
  const path = (of: string) => `/apis/${GROUP}/${of}/namespaces/default/persons`;
  const spec = { name: "Ada", both: "1" };
  await ask("POST", path("v1"), { apiVersion: `${GROUP}/v1`, kind: "Person", metadata: { name: "ada" }, spec });
  for (const both of ["1", "2", "2"]) {
    if (both !== "1")
      await own.client.patch(
        people("v1"),
        { namespace: "default", name: "ada" },
        { type: "merge", body: { spec: { both } } },
      );
    const [first, second] = [await ask("GET", `${path("v1")}/ada`), await ask("GET", `${path("v2")}/ada`)];
    assert.deepEqual([first.body.apiVersion, first.body.spec], [`${GROUP}/v1`, { name: "Ada", both }]);
    assert.deepEqual([second.body.apiVersion, second.body.spec], [`${GROUP}/v2`, { both }]);
    const list = (await ask("GET", path("v2"))).body;
    assert.deepEqual([list.apiVersion, list.kind, list.items], [`${GROUP}/v2`, "PersonList", [second.body]]);
    assert.deepEqual((await ask("GET", path("v1"))).body.items, [first.body]);
  }
  await own.stop();
});

it("a list of what was stored in several versions is all of the version that it is asked in", async () => {
  const own = await startApiServer(new MemoryStorage());
  after(() => own.stop());
  const ask = asker(own.overHttps);
  await ask("POST", "/api/v1/namespaces", { metadata: { name: "default" } });
  const versions = (stored: string) => [version("v1", stored === "v1", "name"), version("v2", stored === "v2", "name")];
  const definition = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  const made = await ask("POST", definition, {
    metadata: { name: `persons.${GROUP}` },
    spec: { group: GROUP, scope: "Namespaced", names: { plural: "persons", kind: "Person" }, versions: versions("v1") },
  });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  while (!own.served.get(GROUP, "v2", "persons")) await new Promise((resolve) => setImmediate(resolve));
  const path = (of: string) => `/apis/${GROUP}/${of}/namespaces/default/persons`;
  const create = (of: string, name: string) =>
    ask("POST", path(of), { apiVersion: `${GROUP}/${of}`, kind: "Person", metadata: { name }, spec: { name } });
  await create("v1", "ada");
  await create("v2", "alan");
  const before = own.served.get(GROUP, "v1", "persons")?.store;
  const MERGE = { "content-type": "application/merge-patch+json" };
  await ask("PATCH", `${definition}/persons.${GROUP}`, { spec: { versions: versions("v2") } }, MERGE);
  while (own.served.get(GROUP, "v1", "persons")?.store === before)
    await new Promise((resolve) => setImmediate(resolve));
  await create("v1", "grace");
  await create("v2", "mary");
  for (const asked of ["v1", "v2"]) {
    const { items } = (await ask("GET", path(asked))).body;
    assert.deepEqual(
      items.map(({ apiVersion, metadata }) => [apiVersion, metadata.name]),
      ["ada", "alan", "grace", "mary"].map((name) => [`${GROUP}/${asked}`, name]),
    );
    const seen: WatchEvent<Person>[] = [];
    let wake = () => {};
    const watch = await own.client.watch(
      people(asked),
      { namespace: "default", resourceVersion: "0" },
      { events: (batch) => (seen.push(...batch), wake()), closed: () => {} },
    );
    while (seen.length < 4) await new Promise<void>((resolve) => (wake = resolve));
    watch.stop();
    assert.deepEqual([...new Set(seen.map(({ object }) => object.apiVersion))], [`${GROUP}/${asked}`]);
  }
  const { body } = await ask("GET", `${definition}/persons.${GROUP}`);
  assert.deepEqual((body as { status?: { storedVersions?: string[] } }).status?.storedVersions, ["v1", "v2"]);
});
