import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { canonical } from "../codec/canonical.ts";
import { decode } from "../codec/decode.ts";
import { randomObject } from "../codec/random-object.fixture.ts";
import type { PlainObject } from "../meta.ts";
import { structOf } from "../schema.ts";
import { compare } from "./compare.ts";
import { isEmptySet, pathsOf } from "./field-set.ts";
import { afterUpdate, blank, ignoredFields, type ManagedFieldsEntry, type UpdateOptions } from "./managed-fields.ts";
import { shapeOfStruct } from "./struct-shape.ts";

const configMap = structOf("api.core.v1.ConfigMap");
const pod = structOf("api.core.v1.Pod");
const TIME = "2024-01-01T00:00:00Z";
const by = (manager: string, more: Partial<UpdateOptions> = {}): UpdateOptions => ({
  manager,
  apiVersion: "v1",
  time: TIME,
  ...more,
});
const map = (data: object, managedFields?: readonly ManagedFieldsEntry[]) =>
  decode(configMap, { metadata: { name: "a", uid: "u", ...(managedFields && { managedFields }) }, data }).object;
const fieldsOf = (entries: readonly ManagedFieldsEntry[] | undefined) =>
  Object.fromEntries(
    (entries ?? []).map((e) => [`${e.manager}${e.subresource ? `/${e.subresource}` : ""}`, e.fieldsV1]),
  );

describe("owners after an update", () => {
  test("who creates owns all but the identity and the status", () => {
    const object = decode(pod, {
      metadata: { name: "a", labels: { l: "1" }, finalizers: ["f"] },
      spec: { containers: [{ name: "c", ports: [{ containerPort: 80, protocol: "TCP" }] }] },
      status: { phase: "Pending" },
    }).object;
    assert.deepEqual(afterUpdate(pod, undefined, object, by("m")), [
      {
        manager: "m",
        operation: "Update",
        apiVersion: "v1",
        time: TIME,
        fieldsType: "FieldsV1",
        fieldsV1: {
          "f:metadata": { "f:finalizers": { ".": {}, 'v:"f"': {} }, "f:labels": { ".": {}, "f:l": {} } },
          "f:spec": {
            "f:containers": {
              'k:{"name":"c"}': {
                ".": {},
                "f:name": {},
                "f:ports": {
                  ".": {},
                  'k:{"containerPort":80,"protocol":"TCP"}': { ".": {}, "f:containerPort": {}, "f:protocol": {} },
                },
                "f:resources": {},
              },
            },
          },
        },
      },
    ]);
  });

  test("fields go over to who changes them, and nobody owns what is gone", () => {
    const created = afterUpdate(configMap, undefined, map({ x: "1", y: "2", z: "3" }), by("one"));
    const live = map({ x: "1", y: "2", z: "3" }, created);
    const entries = afterUpdate(configMap, live, map({ x: "1", y: "changed", w: "new" }, created), by("two"));
    assert.deepEqual(fieldsOf(entries), {
      one: { "f:data": { ".": {}, "f:x": {} } },
      two: { "f:data": { "f:w": {}, "f:y": {} } },
    });
  });

  test("an update that changes nothing keeps the entries as they are", () => {
    const created = afterUpdate(configMap, undefined, map({ x: "1" }), by("one"));
    const live = map({ x: "1" }, created);
    const before = (live["metadata"] as { managedFields: unknown }).managedFields;
    assert.equal(afterUpdate(configMap, live, map({ x: "1" }), by("two", { time: "2025-01-01T00:00:00Z" })), before);
  });

  test("the same manager's entries are one, with the later time", () => {
    const live = map({ x: "1" }, afterUpdate(configMap, undefined, map({ x: "1" }), by("one")));
    const entries = afterUpdate(configMap, live, map({ x: "1", y: "2" }), by("one", { time: "2025-01-01T00:00:00Z" }));
    assert.equal(entries?.length, 1);
    assert.equal(entries?.[0]?.time, "2025-01-01T00:00:00Z");
    assert.deepEqual(fieldsOf(entries), { one: { "f:data": { ".": {}, "f:x": {}, "f:y": {} } } });
  });

  test("a subresource has owners of its own, and does not edit the entries", () => {
    const live = canonical(pod, { metadata: { uid: "u" }, spec: { nodeName: "n" } });
    const created = afterUpdate(pod, undefined, live, by("one"));
    const stored = { ...live, metadata: { uid: "u", managedFields: created } };
    const next = { ...stored, metadata: { uid: "u", managedFields: [] }, status: { phase: "Running" } };
    const entries = afterUpdate(pod, stored, next, by("kubelet", { subresource: "status" }));
    assert.deepEqual(fieldsOf(entries), {
      one: { "f:spec": { "f:nodeName": {} } },
      "kubelet/status": { "f:status": { "f:phase": {} } },
    });
  });

  test("an empty list or one empty entry clears the owners, and nobody is noted until somebody applies", () => {
    const live = map({ x: "1" }, afterUpdate(configMap, undefined, map({ x: "1" }), by("one")));
    for (const managedFields of [[], [{}]])
      assert.equal(afterUpdate(configMap, live, map({ x: "1" }, managedFields), by("two")), undefined);
    assert.equal(afterUpdate(configMap, map({ x: "1" }), map({ x: "2" }), by("two")), undefined);
  });

  test("entries can be edited, but not into what is none", () => {
    const created = afterUpdate(configMap, undefined, map({ x: "1" }), by("one"));
    const live = map({ x: "1" }, created);
    const entry = {
      manager: "h",
      operation: "Update",
      apiVersion: "v1",
      fieldsType: "FieldsV1",
      fieldsV1: { "f:data": {} },
    };
    const update = (sent: ManagedFieldsEntry) => afterUpdate(configMap, live, map({ x: "1" }, [sent]), by("two"));
    assert.deepEqual(fieldsOf(update(entry)), { h: { "f:data": {} } });
    assert.deepEqual(fieldsOf(update({ ...entry, operation: "Explode" })), fieldsOf(created));
    assert.deepEqual(fieldsOf(update({ ...entry, fieldsType: "FieldsV9" })), fieldsOf(created));
    assert.equal(update({ ...entry, fieldsV1: { "x:data": {} } }), undefined);
  });

  test("the oldest of many updaters go into one entry", () => {
    let live = map({}, undefined);
    let entries = afterUpdate(configMap, undefined, map({ k: "0" }), by("m00"));
    const data: Record<string, string> = { k: "0" };
    for (let i = 1; i <= 14; i++) {
      live = map(data, entries);
      data[`k${i}`] = "1";
      entries = afterUpdate(
        configMap,
        live,
        map(data),
        by(`m${String(i).padStart(2, "0")}`, { time: `2024-01-01T00:00:${String(i).padStart(2, "0")}Z` }),
      );
    }
    assert.equal(entries?.length, 10);
    const bucket = entries?.find((e) => e.manager === "ancient-changes");
    assert.deepEqual(Object.keys(bucket?.fieldsV1?.["f:data"] ?? {}), [
      ".",
      "f:k",
      "f:k1",
      "f:k2",
      "f:k3",
      "f:k4",
      "f:k5",
    ]);
  });

  test("twins in a list are owned as one", () => {
    const env = [
      { name: "A", value: "1" },
      { name: "A", value: "2" },
    ];
    const object = decode(pod, { spec: { containers: [{ name: "c", env }] } }).object;
    const [entry] = afterUpdate(pod, undefined, object, by("m")) ?? [];
    assert.match(JSON.stringify(entry?.fieldsV1), /"f:env":\{"\.":\{\},"k:\{\\"name\\":\\"A\\"\}":\{\}\}/);
  });
});

test("nothing differs between an object and itself, and what differs is told from both sides", () => {
  const service = structOf("api.core.v1.Service");
  const shape = shapeOfStruct(service);
  fc.assert(
    fc.property(randomObject(service, 3), randomObject(service, 3), (a, b) => {
      const same = compare(shape, a, structuredClone(a));
      assert.ok(isEmptySet(same.changed) && isEmptySet(same.removed));
      const there = compare(shape, a, b);
      const back = compare(shape, b, a);
      const all = (x: { changed: object; removed: object }) =>
        new Set([...pathsOf(x.changed as never), ...pathsOf(x.removed as never)]);
      for (const path of pathsOf(there.removed)) assert.ok(all(back).has(path), path);
      for (const path of pathsOf(back.removed)) assert.ok(all(there).has(path), path);
    }),
    { numRuns: 100 },
  );
});

test("odd keys are owned like others", () => {
  const data = JSON.parse('{"__proto__":"1","constructor":"2"}') as PlainObject;
  const entries = afterUpdate(configMap, undefined, map(data), by("m"));
  assert.deepEqual(fieldsOf(entries), { m: { "f:data": { ".": {}, "f:__proto__": {}, "f:constructor": {} } } });
  const live = map(data, entries);
  assert.deepEqual(fieldsOf(afterUpdate(configMap, live, map({}), by("m"))), {});
});

test("new objects of one template own what each of them alone would", () => {
  const service = structOf("api.core.v1.Service");
  const ownedBy = (object: PlainObject) => afterUpdate(service, undefined, object, by("m"))?.[0]?.fieldsV1 ?? {};
  const ofItself = (object: PlainObject) =>
    compare(shapeOfStruct(service), blank(service), object, ignoredFields(service, {})).changed;
  fc.assert(
    fc.property(
      randomObject(service, 3),
      fc.dictionary(fc.string(), fc.string()),
      fc.dictionary(fc.string(), fc.string()),
      ({ spec, status }, labels, annotations) => {
        for (const metadata of [{ name: "a", labels }, { name: "b", annotations }, {}]) {
          const object = canonical(service, {
            metadata,
            ...(spec !== undefined && { spec: structuredClone(spec) }),
            status,
          });
          assert.equal(JSON.stringify(ownedBy(object)), JSON.stringify(ofItself(object)));
        }
      },
    ),
  );
});
