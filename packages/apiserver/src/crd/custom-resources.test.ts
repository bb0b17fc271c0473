import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { customresourcedefinitions, namespaces } from "@kubets/api/generated/refs";
import type { CustomResourceDefinition } from "@kubets/api/generated/types/apiextensions-v1";
import type { KubeObject } from "@kubets/api/meta";
import { customResource } from "@kubets/api/resource-ref";
import type { Schema } from "@kubets/api/structural/schema";
import { type StatusError, VirtualClock } from "@kubets/machinery";
import { MemoryStorage } from "@kubets/storage";
import type { Write } from "@kubets/storage/storage";
import { startTestServer } from "../testing/server.ts";
import { untilServed } from "../testing/things.ts";

interface Thing extends KubeObject {
  readonly spec?: Record<string, unknown>;
  readonly status?: Record<string, unknown>;
}

const group = "example.com";
const refOf = (plural: string, version = "v1") =>
  customResource<Thing>({ group, version, resource: plural, kind: kindOf(plural), namespaced: true });
const kindOf = (plural: string) => plural.charAt(0).toUpperCase() + plural.slice(1, -1);

function definitionOf(plural: string, versions: readonly object[]): CustomResourceDefinition {
  return {
    metadata: { name: `${plural}.${group}` },
    spec: { group, scope: "Namespaced", names: { plural, kind: kindOf(plural) }, versions },
  } as unknown as CustomResourceDefinition;
}

const versionOf = (spec: Record<string, Schema>, more: object = {}) => ({
  name: "v1",
  served: true,
  storage: true,
  schema: {
    openAPIV3Schema: {
      type: "object",
      properties: {
        spec: { type: "object", properties: spec },
        status: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
      },
    },
  },
  ...more,
});

describe("custom resources", async () => {
  const { admin, server, close } = await startTestServer();
  after(close);
  await admin.create(namespaces, { metadata: { name: "ns" } });

  /** Waits until a definition is as it should be; every change of it is looked at. */
  async function definitionIs(plural: string, isIt: (definition: CustomResourceDefinition | undefined) => boolean) {
    const { cache } = server.context.served.get("apiextensions.k8s.io", "v1", "customresourcedefinitions")?.store ?? {};
    const now = () => cache?.get(`${plural}.${group}`)?.object as CustomResourceDefinition | undefined;
    while (!isIt(now())) await new Promise((resolve) => setImmediate(resolve));
    return now() as CustomResourceDefinition;
  }
  const isServed = (plural: string, version = "v1") => server.context.served.get(group, version, plural) !== undefined;
  async function define(plural: string, ...versions: object[]) {
    await admin.create(customresourcedefinitions, definitionOf(plural, versions));
    await definitionIs(plural, () => isServed(plural));
  }
  const refusal = (promise: Promise<unknown>) =>
    promise.then(
      () => assert.fail("it was not refused"),
      (error: unknown) => (error as StatusError).message,
    );

  it("are served when their names are accepted, and say so", async () => {
    await define("apples", versionOf({ a: { type: "string" } }));
    const { status } = await definitionIs(
      "apples",
      (d) => d?.status.conditions?.[1]?.reason === "InitialNamesAccepted",
    );
    assert.deepEqual(
      status.conditions.map(({ type, status: is, reason }) => [type, is, reason]),
      [
        ["NamesAccepted", "True", "NoConflicts"],
        ["Established", "True", "InitialNamesAccepted"],
      ],
    );
    assert.deepEqual(status.acceptedNames, {
      plural: "apples",
      singular: "apple",
      kind: "Apple",
      listKind: "AppleList",
    });
    const made = await admin.create(refOf("apples"), {
      metadata: { name: "a", namespace: "ns" },
      spec: { a: "x", b: 1 },
    });
    assert.deepEqual(made.spec, { a: "x" });
    assert.equal(made.metadata.generation, 1);
  });

  it("wait for names that another has until it goes", async () => {
    await define("pears", versionOf({}));
    const other = definitionOf("plums", [versionOf({})]);
    await admin.create(customresourcedefinitions, {
      ...other,
      spec: { ...other.spec, names: { plural: "plums", kind: "Pear" } },
    });
    const refused = await definitionIs("plums", (d) => d?.status.conditions?.length === 2);
    assert.equal(refused.status.conditions[0]?.message, '"PearList" is already in use');
    assert.equal(isServed("plums"), false);
    await admin.delete(customresourcedefinitions, { name: `pears.${group}` });
    await definitionIs("plums", () => isServed("plums"));
    assert.equal(isServed("pears"), false);
  });

  it("made at once with one kind, are served once", async () => {
    const plurals = ["sloes", "medlars", "quinces", "guavas"];
    const kind = "Fruit";
    await Promise.all(
      plurals.map((plural) => {
        const definition = definitionOf(plural, [versionOf({})]);
        const names = { ...definition.spec.names, kind };
        return admin.create(customresourcedefinitions, { ...definition, spec: { ...definition.spec, names } });
      }),
    );
    const reasons = [];
    for (const plural of plurals) {
      const { status } = await definitionIs(plural, (d) =>
        ["InitialNamesAccepted", "NotAccepted"].includes(d?.status.conditions?.[1]?.reason as string),
      );
      reasons.push(status.conditions[0]?.reason as string);
    }
    assert.deepEqual(reasons.sort(), ["ListKindConflict", "ListKindConflict", "ListKindConflict", "NoConflicts"]);
  });

  it("have a status that only its subresource changes, and a generation that counts the rest", async () => {
    await define("melons", versionOf({ a: { type: "string" } }, { subresources: { status: {} } }));
    const melons = refOf("melons");
    const key = { namespace: "ns", name: "m" };
    const made = await admin.create(melons, { metadata: key, spec: { a: "1" }, status: { ready: 1 } });
    assert.equal(made.status, undefined);
    const body = { metadata: { labels: { a: "b" } }, spec: { a: "2" }, status: { ready: 2 } };
    const ready = await admin.patch(melons, key, { type: "merge", body }, { subresource: "status" });
    assert.deepEqual(
      [ready.spec, ready.status, ready.metadata.labels, ready.metadata.generation],
      [{ a: "1" }, { ready: 2 }, undefined, 1],
    );
    const changed = await admin.patch(melons, key, { type: "merge", body });
    assert.deepEqual([changed.spec, changed.status, changed.metadata.generation], [{ a: "2" }, { ready: 2 }, 2]);
  });

  it("are scaled where their definition says, also when that is not there yet", async () => {
    const scale = { specReplicasPath: ".spec.size", statusReplicasPath: ".status.size" };
    await define("sorbs", versionOf({ size: { type: "integer" } }, { subresources: { status: {}, scale } }));
    const sorbs = refOf("sorbs");
    const key = { namespace: "ns", name: "d" };
    await admin.create(sorbs, { metadata: key, spec: {} });
    const transport = server.transport({ name: "admin", groups: ["system:masters"] });
    const read = await transport.request({ method: "GET", path: `/apis/${group}/v1/namespaces/ns/sorbs/d/scale` });
    assert.match(JSON.stringify(read.object?.()), /the spec replicas field .*\.spec\.size.* does not exist/);
    const scaled = (body: object) =>
      admin.patch(sorbs, key, { type: "merge", body }, { subresource: "scale", fieldManager: "scaler" });
    assert.match(await refusal(scaled({ metadata: {} })), /^the spec replicas field "\.spec\.size" cannot be empty$/);
    assert.deepEqual((await scaled({ spec: { replicas: 3 } })).spec, { replicas: 3 });
    assert.deepEqual((await admin.get(sorbs, key)).spec, { size: 3 });
    await admin.patch(sorbs, key, { type: "merge", body: { spec: { size: 4 } } });
    await scaled({ spec: { replicas: 5 } });
    const { managedFields } = (await admin.get(sorbs, key)).metadata;
    assert.deepEqual(managedFields?.find(({ manager }) => manager === "scaler")?.fieldsV1, {
      "f:spec": { "f:size": {} },
    });
  });

  it("refuse what their schema does not allow, and a strategic merge patch", async () => {
    await define("limes", versionOf({ n: { type: "integer", maximum: 3 } }));
    const limes = refOf("limes");
    assert.equal(
      await refusal(admin.create(limes, { metadata: { name: "a", namespace: "ns" }, spec: { n: 4 } })),
      'Lime.example.com "a" is invalid: spec.n: Invalid value: 4: spec.n in body should be less than or equal to 3',
    );
    await admin.create(limes, { metadata: { name: "a", namespace: "ns" } });
    assert.match(
      await refusal(admin.patch(limes, { namespace: "ns", name: "a" }, { type: "strategic", body: {} })),
      /^the body of the request was in an unknown format/,
    );
  });

  it("say themselves of which kind they are", async () => {
    await define("olives", versionOf({ a: { type: "string" } }));
    const transport = server.transport({ name: "admin", groups: ["system:masters"] });
    const post = async (said?: object) => {
      const path = `/apis/${group}/v1/namespaces/ns/olives`;
      const body = said && { object: { metadata: { name: "a" }, ...said } };
      const answer = await transport.request({ method: "POST", path, headers: {}, ...body });
      return [answer.status, (answer.object?.() as { message?: string } | undefined)?.message];
    };
    const apiVersion = `${group}/v1`;
    const missing = [400, "Object 'Kind' is missing in 'object has no kind field '"];
    assert.deepEqual(await post({ apiVersion }), missing);
    assert.deepEqual(await post(), missing);
    assert.deepEqual(await post({ kind: "Olive" }), [
      400,
      "the API version in the data () does not match the expected API version (example.com/v1)",
    ]);
    assert.deepEqual(await post({ apiVersion, kind: "Olive" }), [201, undefined]);
  });

  it("are read by the schema of today", async () => {
    await define("figs", versionOf({ old: { type: "string" }, both: { type: "string" } }));
    const figs = refOf("figs");
    const key = { namespace: "ns", name: "f" };
    await admin.create(figs, { metadata: key, spec: { old: "x", both: "y" } });
    const before = server.context.served.get(group, "v1", "figs")?.store;
    const versions = [versionOf({ both: { type: "string" }, fresh: { type: "integer", default: 7 } })];
    await admin.patch(
      customresourcedefinitions,
      { name: `figs.${group}` },
      { type: "merge", body: { spec: { versions } } },
    );
    await definitionIs("figs", () => server.context.served.get(group, "v1", "figs")?.store !== before);
    assert.deepEqual((await admin.get(figs, key)).spec, { both: "y", fresh: 7 });
    await admin.create(figs, { metadata: { name: "later", namespace: "ns" }, spec: { both: "z" } });
    const { items } = await admin.list(figs, { namespace: "ns" });
    assert.deepEqual(
      items.map(({ metadata }) => metadata.name),
      ["f", "later"],
    );
  });

  it("keep what one version lacks for the other", async () => {
    const first = versionOf({ a: { type: "string" } });
    const second = versionOf({ b: { type: "string", default: "new" } }, { name: "v2", storage: false });
    await define("dates", first, second);
    await definitionIs("dates", () => isServed("dates", "v2"));
    const key = { namespace: "ns", name: "d" };
    await admin.create(refOf("dates"), { metadata: key, spec: { a: "x" } });
    const asSecond = await admin.get(refOf("dates", "v2"), key);
    assert.deepEqual([asSecond.apiVersion, asSecond.spec], ["example.com/v2", { b: "new" }]);
    assert.deepEqual((await admin.get(refOf("dates"), key)).spec, { a: "x" });
  });

  it("go with their definition, when their finalizers let them", async () => {
    await define("grapes", versionOf({}));
    const grapes = refOf("grapes");
    await admin.create(grapes, { metadata: { name: "free", namespace: "ns" } });
    await admin.create(grapes, { metadata: { name: "held", namespace: "ns", finalizers: ["example.com/hold"] } });
    await admin.delete(customresourcedefinitions, { name: `grapes.${group}` });
    assert.equal(
      await refusal(admin.create(grapes, { metadata: { name: "late", namespace: "ns" } })),
      'grapes.example.com "late" is forbidden: create not allowed while custom resource definition is terminating',
    );
    const going = await definitionIs(
      "grapes",
      (d) => d?.status.conditions?.at(-1)?.reason === "InstanceDeletionInProgress",
    );
    assert.deepEqual(going.metadata.finalizers, ["customresourcecleanup.apiextensions.k8s.io"]);
    const store = server.context.served.get(group, "v1", "grapes")?.store;
    while (store?.cache.get("ns/free")) await new Promise((resolve) => setImmediate(resolve));
    await admin.patch(
      grapes,
      { namespace: "ns", name: "held" },
      { type: "merge", body: { metadata: { finalizers: null } } },
    );
    await definitionIs("grapes", (d) => d === undefined);
    await definitionIs("grapes", () => !isServed("grapes"));
  });

  it("merge lists by their keys when they are applied", async () => {
    const port: Schema = {
      type: "object",
      required: ["name"],
      properties: { name: { type: "string" }, n: { type: "integer" } },
    };
    const ports: Schema = {
      type: "array",
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["name"],
      items: port,
    };
    await define("kiwis", versionOf({ ports }));
    const kiwis = refOf("kiwis");
    const apply = (fieldManager: string, ...list: object[]) =>
      admin.apply(kiwis, { metadata: { name: "k", namespace: "ns" }, spec: { ports: list } }, { fieldManager });
    await apply("one", { name: "a", n: 1 });
    const both = await apply("two", { name: "b", n: 2 });
    assert.deepEqual(both.spec?.["ports"], [
      { name: "a", n: 1 },
      { name: "b", n: 2 },
    ]);
    assert.match(await refusal(apply("two", { name: "a", n: 3 })), /conflict with "one": \.spec\.ports\[name="a"\]\.n/);
    assert.match(await refusal(apply("two", { bogus: 1 })), /field not declared in schema/);
  });
});

describe("many definitions", () => {
  it("are worked on together: what is written of them waits together for the disk", { timeout: 30_000 }, async (t) => {
    const plurals = Array.from({ length: 8 }, (_, i) => `things${i}s`);
    const storage = new (class extends MemoryStorage {
      #together = Promise.withResolvers<void>();
      #updates = 0;
      override async commit(write: Write) {
        const isUpdate = write.expect !== 0 && write.key.includes("/customresourcedefinitions/");
        if (isUpdate && ++this.#updates === plurals.length) this.#together.resolve();
        if (isUpdate) await this.#together.promise;
        return super.commit(write);
      }
    })({ clock: new VirtualClock() });
    const { admin, server, close } = await startTestServer({ storage });
    t.after(close);
    for (const plural of plurals) await admin.create(customresourcedefinitions, definitionOf(plural, [versionOf({})]));
    for (const plural of plurals) await untilServed(server, plural);
  });
});
