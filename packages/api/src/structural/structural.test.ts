import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fieldErrorText } from "@kubets/machinery";
import type { PlainObject } from "../meta.ts";
import { fillSchemaDefaults } from "./defaults.ts";
import { isOfFormat } from "./formats.ts";
import { pruneObject, pruneValue, unknownFields } from "./prune.ts";
import type { Schema } from "./schema.ts";
import { duplicateErrors } from "./unique-items.ts";
import { unknownFormats, validateBySchema } from "./validate.ts";

const object = (properties: Record<string, Schema>, more: Schema = {}): Schema => ({
  type: "object",
  properties,
  ...more,
});
const texts = (schema: Schema, value: unknown, old?: unknown): string[] =>
  validateBySchema(schema, value, { old }).map(fieldErrorText);

describe("pruning", () => {
  const schema = object({
    keep: { type: "string" },
    never: { type: "string" },
    either: { type: "string", nullable: true },
    list: { type: "array", items: object({ a: { type: "string" } }) },
    map: { type: "object", additionalProperties: object({ a: { type: "string" } }) },
    any: { type: "object", "x-kubernetes-preserve-unknown-fields": true, properties: { strict: object({}) } },
    none: { type: "object", additionalProperties: true },
  });
  const value = {
    keep: "k",
    drop: 1,
    never: null,
    either: null,
    list: [{ a: "1", b: 2 }],
    map: { x: { a: "1", b: 2 } },
    any: { z: [{ y: 1 }], strict: { gone: 1 }, a: null },
    none: { x: { gone: 1 } },
  };

  test("drops what the schema lacks and nulls where none may stand, and sorts keys", () => {
    assert.equal(
      JSON.stringify(pruneValue(schema, value)),
      '{"any":{"a":null,"strict":{},"z":[{"y":1}]},"either":null,"keep":"k","list":[{"a":"1"}],"map":{"x":{"a":"1"}},"none":{"x":{}}}',
    );
  });

  test("tells the places of what it drops, in their order", () => {
    const asIs = (part: unknown) => part;
    assert.deepEqual(
      unknownFields(object({ spec: schema }), { spec: value, more: 1, kind: "K" }, { metadata: asIs, text: asIs }),
      ["more", "spec.any.strict.gone", "spec.drop", "spec.list[0].b", "spec.map.x.b", "spec.none.x.gone"],
    );
  });

  test("leaves the members that all objects have, also in objects inside of objects", () => {
    const embedded = object({ t: { type: "object", "x-kubernetes-embedded-resource": true } });
    const pruned = pruneObject(
      embedded,
      { apiVersion: "v1", t: { apiVersion: "v2", kind: "P", metadata: { name: "a" }, spec: 1 } },
      { metadata: () => "formed", text: (text) => text, unknown() {}, withPlaces: false },
    );
    assert.deepEqual(pruned, { apiVersion: "v1", t: { apiVersion: "v2", kind: "P", metadata: "formed" } });
  });

  test("keeps names like __proto__ plain data", () => {
    const free: Schema = { type: "object", additionalProperties: { type: "string" } };
    const pruned = pruneValue(free, JSON.parse('{"__proto__":"x"}')) as object;
    assert.deepEqual(Object.keys(pruned), ["__proto__"]);
    assert.equal(Object.getPrototypeOf(pruned), Object.prototype);
  });
});

test("defaults stand where nothing does, or a null that may not", () => {
  const schema = object({
    a: { type: "string", default: "x" },
    n: { type: "string", nullable: true, default: "x" },
    o: object({ b: { type: "integer", default: 1 } }, { default: {} }),
    l: { type: "array", items: object({ c: { type: "boolean", default: true } }) },
    m: { type: "object", additionalProperties: object({ d: { type: "string", default: "y" } }) },
  });
  const draft: PlainObject = { a: null, n: null, l: [{}], m: { k: {} } };
  fillSchemaDefaults(schema, draft);
  const filled = { a: "x", n: null, l: [{ c: true }], m: { k: { d: "y" } }, o: { b: 1 } };
  assert.deepEqual(draft, filled);
  fillSchemaDefaults(schema, draft);
  assert.deepEqual(draft, filled);
});

describe("validation", () => {
  const cases: [what: string, schema: Schema, value: unknown, errors: string[]][] = [
    ["types", { type: "string" }, 1, ['f: Invalid value: "integer": f in body must be of type string: "integer"']],
    [
      "numbers that are none of their type",
      { type: "integer" },
      1.5,
      [
        'f: Invalid value: "number": f in body must be of type integer: "number"',
        '<nil>: Invalid value: "": Checked value must be of type integer (default format) in f',
      ],
    ],
    [
      "int32",
      { type: "integer", format: "int32" },
      2 ** 31,
      ['<nil>: Invalid value: "": Checked value must be of type integer with format int32 in f'],
    ],
    ["int64 to its end", { type: "integer" }, 2n ** 63n - 1n, []],
    [
      "int or string",
      { "x-kubernetes-int-or-string": true },
      true,
      ['f: Invalid value: "boolean": f in body must be of type integer,string: "boolean"'],
    ],
    ["enum", { type: "string", enum: ["a", ""] }, "b", ['f: Unsupported value: "b": supported values: "a", ""']],
    [
      "the first thing wrong with a text",
      { type: "string", minLength: 3, pattern: "^x" },
      "a",
      ['f: Invalid value: "a": f in body should be at least 3 chars long'],
    ],
    ["length in characters", { type: "string", maxLength: 2 }, "😀é", []],
    ["too long", { type: "string", maxLength: 1 }, "ab", ["f: Too long: may not be more than 1 bytes"]],
    [
      "pattern",
      { type: "string", pattern: "^[a-z]+$" },
      "A",
      ["f: Invalid value: \"A\": f in body should match '^[a-z]+$'"],
    ],
    [
      "bounds",
      { type: "integer", minimum: 3, exclusiveMinimum: true },
      3,
      ["f: Invalid value: 3: f in body should be greater than 3"],
    ],
    [
      "bounds of doubles",
      { type: "number", maximum: 1.5 },
      2.5,
      ["f: Invalid value: 2.5: f in body should be less than or equal to 1.5"],
    ],
    ["multiples", { type: "integer", multipleOf: 3 }, 4, ["f: Invalid value: 4: f in body should be a multiple of 3"]],
    [
      "too many items",
      { type: "array", maxItems: 1, items: { type: "string" } },
      ["a", "b"],
      ["f: Too many: 2: must have at most 1 item"],
    ],
    [
      "too few properties",
      { type: "object", minProperties: 1 },
      {},
      ["f: Invalid value: 0: f in body should have at least 1 properties"],
    ],
    ["required", object({ a: { type: "string" } }, { required: ["a"] }), {}, ["f.a: Required value"]],
    [
      "no other properties",
      { type: "object", additionalProperties: false },
      { a: 1 },
      ['f: Invalid value: "a": f.a in body is a forbidden property'],
    ],
    [
      "any of, with the one that fits best",
      { type: "object", anyOf: [{ required: ["b"] }, { properties: { a: { minimum: 5 } } }] },
      { a: 1 },
      [
        '<nil>: Invalid value: "": "f" must validate at least one schema (anyOf)',
        "f.a: Invalid value: 1: f.a in body should be greater than or equal to 5",
      ],
    ],
    [
      "one of",
      { type: "string", oneOf: [{ pattern: "a" }, { pattern: "b" }] },
      "ab",
      ['<nil>: Invalid value: "": "f" must validate one and only one schema (oneOf). Found 2 valid alternatives'],
    ],
    [
      "all of",
      { type: "string", allOf: [{ pattern: "^a" }] },
      "b",
      [
        "f: Invalid value: \"b\": f in body should match '^a'",
        '<nil>: Invalid value: "": "f" must validate all the schemas (allOf). None validated',
      ],
    ],
    [
      "not",
      { type: "string", not: { enum: ["root"] } },
      "root",
      ['<nil>: Invalid value: "": "f" must not validate the schema (not)'],
    ],
    [
      "formats",
      { type: "string", format: "date" },
      "2020-13-01",
      ['f: Invalid value: "2020-13-01": f in body must be of type date: "2020-13-01"'],
    ],
    ["formats that nobody checks", { type: "string", format: "postcode" }, "x", []],
  ];
  for (const [what, schema, value, errors] of cases)
    test(what, () => assert.deepEqual(texts(object({ f: schema }), { f: value }), errors));

  test("what did not change is not held against an update", () => {
    const schema = object({
      a: { type: "string", maxLength: 1 },
      b: { type: "string", maxLength: 1 },
      list: {
        type: "array",
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["k"],
        items: object({ k: { type: "string" }, v: { type: "integer", maximum: 1 } }),
      },
      atomic: { type: "array", items: { type: "integer", maximum: 1 } },
    });
    const old = { a: "old", b: "x", list: [{ k: "p", v: 5 }], atomic: [5] };
    assert.deepEqual(texts(schema, { ...old, b: "new" }, old), ["b: Too long: may not be more than 1 bytes"]);
    const moved = {
      ...old,
      list: [
        { k: "q", v: 7 },
        { k: "p", v: 5 },
      ],
    };
    assert.deepEqual(texts(schema, moved, old), [
      "list[0].v: Invalid value: 7: list[0].v in body should be less than or equal to 1",
    ]);
    assert.equal(texts(schema, { ...old, atomic: [5, 0] }, old).length, 1);
  });

  test("a part stands at its field", () => {
    const errors = validateBySchema(
      object({ ready: { type: "integer", maximum: 5 } }),
      { ready: 9 },
      { field: "status" },
    );
    assert.deepEqual(errors.map(fieldErrorText), [
      "status.ready: Invalid value: 9: ready in body should be less than or equal to 5",
    ]);
  });
});

test("items of sets and maps stand once", () => {
  const schema = object({
    set: { type: "array", "x-kubernetes-list-type": "set", items: { type: "string" } },
    map: {
      type: "array",
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["k", "p"],
      items: object({ k: { type: "string" }, p: { type: "string", default: "TCP" } }),
    },
  });
  const value = { set: ["a", "b", "a", "a"], map: [{ k: "x" }, { k: "x", p: "TCP" }, { k: "x", p: "UDP" }] };
  assert.deepEqual(duplicateErrors(schema, value).map(fieldErrorText), [
    'set[2]: Duplicate value: "a"',
    'map[1]: Duplicate value: {"k":"x","p":"TCP"}',
  ]);
});

test("formats", () => {
  const cases: [format: string, good: string[], bad: string[]][] = [
    [
      "date-time",
      ["2020-01-01T00:00:00Z", "2020-01-01t10:00:00.5+01:00"],
      ["2020-01-01", "2020-01-01T25:00:00Z", "2020-02-30T00:00:00Z"],
    ],
    ["hostname", ["localhost", "a.example", "a-b.example.com"], ["a.b", "-a", "a_b.com"]],
    [
      "uuid4",
      ["0c0f6a2e-8f5e-4a5a-9d3a-5f5f5f5f5f5f", "0c0f6a2e8f5e4a5a9d3a5f5f5f5f5f5f"],
      ["6ba7b810-9dad-11d1-80b4-00c04fd430c8"],
    ],
    ["mac", ["01:02:03:04:05:06", "01-02-03-04-05-06", "0102.0304.0506"], ["01:02:03:04:05", "01:02-03:04:05:06"]],
    ["ipv4", ["1.2.3.4"], ["::1", "1.2.3.400"]],
    ["ipv6", ["::1"], ["1.2.3.4"]],
    ["cidr", ["10.0.0.0/8"], ["10.0.0.0"]],
    ["duration", ["1h5m", "5 days", "-1.5s"], ["one hour", ""]],
    ["isbn", ["0321751043", "978-3-16-148410-0"], ["1", "0321751044"]],
    ["creditcard", ["4111 1111 1111 1111"], ["4111111111111112"]],
    ["rgbcolor", ["rgb(1,2,3)"], ["rgb(1,2,300)", "x"]],
    ["byte", ["YQ=="], ["%%%"]],
    ["k8s-short-name", ["my-name"], ["My_Name"]],
    ["email", ["a@b.c"], ["nope"]],
    ["uri", ["https://a/b", "/a"], ["::", "a b"]],
  ];
  for (const [format, good, bad] of cases) {
    for (const text of good) assert.equal(isOfFormat(format, text), true, `${format} ${text}`);
    for (const text of bad) assert.equal(isOfFormat(format, text), false, `${format} ${text}`);
    // An answer comes in a time that grows with the text and not with its square.
    for (const start of ["9", "a", "a.", "1 ", "-", ":", '"', "http://a"])
      assert.equal(isOfFormat(format, `${start.repeat(300_000)}\n\0 \n`), false, `${format} ${start}`);
  }
  const schema = object({
    a: { type: "string", format: "postcode" },
    b: { type: "integer", format: "int32" },
    c: { type: "string", format: "date-time" },
  });
  assert.deepEqual(unknownFormats(schema), ["postcode"]);
});
