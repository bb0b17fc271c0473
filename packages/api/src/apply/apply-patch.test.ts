import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { StatusError } from "@kubets/machinery";
import fc from "fast-check";
import { decode } from "../codec/decode.ts";
import type { PlainObject } from "../meta.ts";
import { structOf } from "../schema.ts";
import { type ApplyOptions, applyPatch } from "./apply-patch.ts";
import { afterUpdate, type ManagedFieldsEntry } from "./managed-fields.ts";

const configMaps = { group: "", version: "v1", kind: "ConfigMap", schema: structOf("api.core.v1.ConfigMap") };
const deployments = { group: "apps", version: "v1", kind: "Deployment", schema: structOf("api.apps.v1.Deployment") };
const by = (manager: string, more: Partial<ApplyOptions> = {}): ApplyOptions => ({
  manager,
  apiVersion: "v1",
  time: "2024-01-01T00:00:00Z",
  ...more,
});
const map = (data: unknown, metadata: object = {}) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "a", ...metadata },
  data,
});

/** What is stored after an apply. */
function apply(
  live: PlainObject | undefined,
  configuration: object,
  options: ApplyOptions,
  kind = configMaps,
): PlainObject {
  const { object, managedFields } = applyPatch(kind, live, configuration, options);
  const stored = decode(kind.schema, object).object;
  stored["metadata"] = { uid: "u", ...(stored["metadata"] as object), ...(managedFields && { managedFields }) };
  return stored;
}
const owners = (object: PlainObject) =>
  Object.fromEntries(
    ((object["metadata"] as { managedFields?: ManagedFieldsEntry[] }).managedFields ?? []).map((e) => [
      e.manager,
      e.fieldsV1,
    ]),
  );
const failsWith = (code: number, message: string) => (error: unknown) => {
  assert.ok(error instanceof StatusError);
  assert.equal(error.message, message);
  return error.code === code;
};

describe("server-side apply", () => {
  test("owns what it names and removes what it names no more", () => {
    const first = apply(undefined, map({ x: "1", y: "2" }, { labels: { l: "1" } }), by("one"));
    assert.deepEqual(owners(first), {
      one: { "f:data": { "f:x": {}, "f:y": {} }, "f:metadata": { "f:labels": { "f:l": {} } } },
    });
    const second = apply(first, map({ x: "1" }), by("one"));
    assert.deepEqual(second["data"], { x: "1" });
    assert.equal((second["metadata"] as PlainObject)["labels"], undefined);
    const third = apply(second, { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" } }, by("one"));
    assert.equal(third["data"], undefined);
    assert.deepEqual(owners(third), {});
  });

  test("a field of the same value is shared, and stays until nobody owns it", () => {
    const first = apply(undefined, map({ x: "1" }), by("one"));
    const second = apply(first, map({ x: "1" }), by("two"));
    assert.deepEqual(owners(second), { one: { "f:data": { "f:x": {} } }, two: { "f:data": { "f:x": {} } } });
    const third = apply(second, map({}), by("one"));
    assert.deepEqual(third["data"], { x: "1" });
    assert.deepEqual(owners(third), { one: { "f:data": {} }, two: { "f:data": { "f:x": {} } } });
    assert.equal(apply(third, map({}), by("two"))["data"], undefined);
  });

  test("a field of another value is a conflict, unless forced", () => {
    const first = apply(undefined, map({ x: "1", y: "1" }), by("one"));
    assert.throws(
      () => apply(first, map({ x: "2" }), by("two")),
      failsWith(409, 'Apply failed with 1 conflict: conflict with "one": .data.x'),
    );
    assert.throws(
      () => apply(first, map({ x: "2", y: "2" }), by("two")),
      failsWith(409, 'Apply failed with 2 conflicts: conflicts with "one":\n- .data.x\n- .data.y'),
    );
    const forced = apply(first, map({ x: "2" }), by("two", { force: true }));
    assert.deepEqual(owners(forced), { one: { "f:data": { "f:y": {} } }, two: { "f:data": { "f:x": {} } } });
  });

  test("what was there before anybody was noted belongs to an unknown update", () => {
    const live = decode(configMaps.schema, map({ x: "1" }, { uid: "u" })).object;
    assert.deepEqual(owners(apply(live, map({ y: "1" }), by("two"))), {
      "before-first-apply": { "f:data": { ".": {}, "f:x": {} } },
      two: { "f:data": { "f:y": {} } },
    });
  });

  test("lists merge by their keys, defaulted ones too, in the configuration's order", () => {
    const deployment = (containers: object[]) => ({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "a" },
      spec: { template: { spec: { containers } } },
    });
    const options = (manager: string) => by(manager, { apiVersion: "apps/v1" });
    const first = apply(
      undefined,
      deployment([{ name: "c", ports: [{ containerPort: 80 }] }, { name: "d" }]),
      options("one"),
      deployments,
    );
    const second = apply(
      first,
      deployment([{ name: "d" }, { name: "c", ports: [{ containerPort: 80, protocol: "TCP" }] }]),
      options("one"),
      deployments,
    );
    const third = apply(second, deployment([{ name: "z" }, { name: "c" }]), options("two"), deployments);
    const { containers } = (third as unknown as { spec: { template: { spec: { containers: { name: string }[] } } } })
      .spec.template.spec;
    assert.deepEqual(
      containers.map((c) => c.name),
      ["d", "z", "c"],
    );
    assert.throws(
      () =>
        apply(
          first,
          deployment([{ name: "c", ports: [{ containerPort: 80 }, { containerPort: 80, protocol: "TCP" }] }]),
          options("one"),
          deployments,
        ),
      failsWith(
        500,
        'failed to create typed patch object (/a; apps/v1, Kind=Deployment): .spec.template.spec.containers[name="c"].ports: duplicate entries for key [containerPort=80,protocol="TCP"]',
      ),
    );
  });

  test("refuses what is not of the kind", () => {
    const cases: [object, number, string][] = [
      [{ apiVersion: "v2", kind: "ConfigMap" }, 400, "invalid object type: /v2, Kind=ConfigMap"],
      [map({}, { managedFields: [] }), 400, "metadata.managedFields must be nil"],
      [
        { ...map({}), nonsense: 1 },
        500,
        "failed to create typed patch object (/a; /v1, Kind=ConfigMap): .nonsense: field not declared in schema",
      ],
      [
        map({ x: 5 }),
        500,
        "failed to create typed patch object (/a; /v1, Kind=ConfigMap): .data.x: expected string, got &value.valueUnstructured{Value:5}",
      ],
      [
        map(["x"]),
        500,
        "failed to create typed patch object (/a; /v1, Kind=ConfigMap): .data: expected map, got &{[x]}",
      ],
    ];
    for (const [configuration, code, message] of cases)
      assert.throws(() => applyPatch(configMaps, undefined, configuration, by("one")), failsWith(code, message));
  });

  test("kubectl takes over what it applied on the client's side", () => {
    const annotation = "kubectl.kubernetes.io/last-applied-configuration";
    const annotations = { [annotation]: JSON.stringify(map({ x: "1" })) };
    const object = decode(configMaps.schema, map({ x: "1", y: "other" }, { uid: "u", annotations })).object;
    const entries = afterUpdate(configMaps.schema, undefined, object, by("kubectl-client-side-apply"));
    const live = { ...object, metadata: { ...(object["metadata"] as object), managedFields: entries } };
    assert.throws(() => apply(live, map({ x: "2" }), by("somebody")), /conflict/);
    assert.throws(() => apply(live, map({ y: "2" }), by("kubectl")), /conflict/);
    const next = apply(live, map({ x: "2" }), by("kubectl"));
    assert.deepEqual(next["data"], { x: "2", y: "other" });
    const synced = (next["metadata"] as { annotations: Record<string, string> }).annotations[annotation];
    assert.deepEqual(JSON.parse(synced ?? ""), map({ x: "2" }));
  });
});

/** The dumb oracle for maps of text: who owns which key, and what each key holds. */
class Model {
  data = new Map<string, string>();
  readonly owned = new Map<string, Set<string>>();

  apply(manager: string, keys: Record<string, string>): void {
    const before = this.owned.get(manager) ?? new Set();
    for (const [key, value] of Object.entries(keys)) {
      if (this.data.get(key) !== value) for (const other of this.owned.values()) other.delete(key);
      this.data.set(key, value);
    }
    this.owned.set(manager, new Set(Object.keys(keys)));
    for (const key of before) if (![...this.owned.values()].some((set) => set.has(key))) this.data.delete(key);
  }
}

test("any run of forced applies ends as a naive model of ownership says", () => {
  const step = fc.record({
    manager: fc.constantFrom("one", "two", "three"),
    keys: fc.dictionary(fc.constantFrom("a", "b", "c", "constructor"), fc.constantFrom("1", "2"), {
      noNullPrototype: true,
    }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const model = new Model();
      let live: PlainObject | undefined;
      for (const { manager, keys } of steps) {
        model.apply(manager, keys);
        live = apply(live, map(keys), by(manager, { force: true }));
        assert.deepEqual(new Map(Object.entries((live["data"] as object | undefined) ?? {})), new Map(model.data));
        for (const [name, set] of model.owned) {
          const fields = (owners(live)[name]?.["f:data"] ?? {}) as object;
          assert.deepEqual(
            Object.keys(fields).filter((k) => k !== "."),
            [...set].sort().map((k) => `f:${k}`),
          );
        }
      }
    }),
    { numRuns: 150 },
  );
});
