import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { deepEqual, semanticEqual } from "./deep-equal.ts";
import { deepFreeze } from "./freeze.ts";
import { applyJsonPatch, JsonPatchError } from "./json-patch.ts";
import type { JsonObject, JsonValue } from "./json-value.ts";
import { applyMergePatch, createMergePatch } from "./merge-patch.ts";

const base = (): JsonObject => deepFreeze({ data: { x: "1", y: "2" }, rules: [{ v: "a" }, { v: "b" }, { v: "c" }] });
const patched = (...patch: JsonValue[]): JsonValue => applyJsonPatch(base(), deepFreeze(patch));
const data = (...patch: JsonValue[]): JsonValue => (patched(...patch) as JsonObject).data as JsonValue;
const rules = (...patch: JsonValue[]) =>
  ((patched(...patch) as JsonObject).rules as JsonObject[]).map(({ v }) => v).join("");

test("members are added, replaced, removed, moved, copied and tested", () => {
  assert.deepEqual(data({ op: "add", path: "/data/z", value: "3" }, { op: "replace", path: "/data/y", value: "two" }), {
    x: "1",
    y: "two",
    z: "3",
  });
  assert.deepEqual(data({ op: "remove", path: "/data/x" }), { y: "2" });
  assert.deepEqual(data({ op: "move", from: "/data/x", path: "/data/z" }), { y: "2", z: "1" });
  assert.deepEqual(data({ op: "copy", from: "/data/x", path: "/data/z" }), { x: "1", y: "2", z: "1" });
  assert.deepEqual(data({ op: "test", path: "/data", value: { y: "2", x: "1" } }), { x: "1", y: "2" });
  assert.deepEqual(data({ op: "add", path: "/data/t~0d~1", value: "x" }), { x: "1", y: "2", "t~d/": "x" });
});

test("lists", () => {
  assert.equal(rules({ op: "add", path: "/rules/0", value: { v: "0" } }), "0abc");
  assert.equal(rules({ op: "add", path: "/rules/-", value: { v: "9" } }), "abc9");
  assert.equal(rules({ op: "add", path: "/rules/3", value: { v: "9" } }), "abc9");
  assert.equal(rules({ op: "add", path: "/rules/-1", value: { v: "9" } }), "abc9");
  assert.equal(rules({ op: "remove", path: "/rules/01" }), "ac");
  assert.equal(rules({ op: "remove", path: "/rules/-1" }), "ab");
  assert.equal(rules({ op: "move", from: "/rules/0", path: "/rules/2" }), "bca");
  assert.equal(rules({ op: "replace", path: "/rules/1/v", value: "x" }), "axc");
});

test("the original's leniences", () => {
  assert.deepEqual(data({ op: "replace", path: "/data/nope", value: "1" }), { x: "1", y: "2", nope: "1" });
  assert.deepEqual(data({ op: "copy", from: "/data/nope", path: "/data/z" }), { x: "1", y: "2", z: null });
  assert.deepEqual(data({ op: "test", path: "/data/nope", value: null }), { x: "1", y: "2" });
  assert.deepEqual((patched({ op: "add", path: "data/x", value: "1" }) as JsonObject).x, "1");
  assert.deepEqual(patched({ op: "replace", path: "", value: { a: 1 } }), { a: 1 });
  assert.deepEqual(patched(), base());
});

test("what does not apply is refused", () => {
  const cases: Array<[JsonValue, string]> = [
    [
      { op: "remove", path: "/data/nope" },
      "error in remove for path: '/data/nope': Unable to remove nonexistent key: nope: missing value",
    ],
    [
      { op: "add", path: "/none/k", value: "1" },
      'add operation does not apply: doc is missing path: "/none/k": missing value',
    ],
    [{ op: "test", path: "/data/x", value: "no" }, "testing value /data/x failed: test failed"],
    [{ op: "test", path: "/data/nope", value: "1" }, "testing value /data/nope failed: test failed"],
    [{ op: "merge", path: "/data/x", value: "1" }, "Unexpected kind: merge"],
    [{ op: "add", value: "1" }, "add operation failed to decode path: missing value"],
    [
      { op: "move", path: "/data/x" },
      "move operation failed to decode from: operation, missing from field: missing value",
    ],
    [
      { op: "move", from: "/data/nope", path: "/data/z" },
      "error in move for path: 'nope': Unable to remove nonexistent key: nope: missing value",
    ],
    [
      { op: "add", path: "/rules/9", value: {} },
      "error in add for path: '/rules/9': Unable to access invalid index: 9: invalid index referenced",
    ],
    [
      { op: "replace", path: "/rules/9", value: {} },
      "replace operation does not apply: doc is missing key: /rules/9: missing value",
    ],
    [
      { op: "remove", path: "/rules/first" },
      "error in remove for path: '/rules/first': strconv.Atoi: parsing \"first\": invalid syntax",
    ],
    [
      { op: "add", path: "/data/x/y", value: 1 },
      'add operation does not apply: doc is missing path: "/data/x/y": missing value',
    ],
    ["text", "Unexpected kind: unknown"],
  ];
  for (const [operation, message] of cases) assert.throws(() => patched(operation), { message }, message);
});

test("limits", () => {
  const many = Array.from({ length: 10_001 }, () => ({ op: "test", path: "/data/x", value: "1" }));
  assert.throws(
    () => patched(...many),
    (error) => error instanceof JsonPatchError && error.tooLarge,
  );
  const doubling = Array.from({ length: 30 }, (_, i) => ({ op: "copy", from: "/data", path: `/data/${i}` }));
  assert.throws(() => patched(...doubling), /accumulated size increase of copy/);
});

test("prototypes are out of reach", () => {
  for (const key of ["__proto__", "constructor", "prototype"]) {
    const result = data({ op: "add", path: `/data/${key}`, value: { polluted: true } }) as JsonObject;
    assert.ok(Object.hasOwn(result, key));
    assert.equal(({} as Record<string, unknown>).polluted, undefined);
    assert.throws(() => patched({ op: "add", path: `/data/${key}/x`, value: 1 }), /missing path/);
    assert.throws(() => patched({ op: "remove", path: `/data/${key}` }), /nonexistent key/);
  }
  const merged = applyMergePatch({ a: 1 }, JSON.parse('{"__proto__":{"polluted":true}}') as JsonValue) as JsonObject;
  assert.ok(Object.hasOwn(merged, "__proto__"));
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
});

test("a copy does not change with its source", () => {
  const result = patched(
    { op: "add", path: "/data/k", value: "v" },
    { op: "copy", from: "/data", path: "/more" },
    { op: "add", path: "/data/x", value: "changed" },
  ) as JsonObject;
  assert.deepEqual(result.more, { x: "1", y: "2", k: "v" });
});

/** The same operations on a copy, by the book. */
function naive(document: JsonValue, operations: ReadonlyArray<Record<string, JsonValue>>): JsonValue | undefined {
  const copy = structuredClone(document) as JsonObject;
  for (const { op, path, value } of operations) {
    const keys = (path as string).split("/").slice(1);
    const last = keys.pop() as string;
    let at: JsonValue | undefined = copy;
    for (const key of keys) at = at !== null && typeof at === "object" ? (at as JsonObject)[key] : undefined;
    if (at === null || typeof at !== "object") return undefined;
    const exists = Object.hasOwn(at, last);
    if (Array.isArray(at)) {
      if (op === "add") {
        if (last === "-") at.push(structuredClone(value) as JsonValue);
        else if (/^\d$/.test(last) && Number(last) <= at.length)
          at.splice(Number(last), 0, structuredClone(value) as JsonValue);
        else return undefined;
      } else if (!exists || !/^\d$/.test(last)) return undefined;
      else if (op === "remove") at.splice(Number(last), 1);
      else at[Number(last)] = structuredClone(value) as JsonValue;
    } else if (op === "remove") {
      if (!exists) return undefined;
      delete (at as JsonObject)[last];
    } else (at as JsonObject)[last] = structuredClone(value) as JsonValue;
  }
  return copy;
}

const json = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<JsonValue>(1, "s", true, null),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom("a", "b", "0"), tie("value"), { noNullPrototype: true }),
  ),
})).value;
const object = fc.dictionary(fc.constantFrom("a", "b", "0"), json, {
  noNullPrototype: true,
}) as fc.Arbitrary<JsonObject>;
const operation = fc.record({
  op: fc.constantFrom("add", "remove", "replace"),
  path: fc
    .array(fc.constantFrom("a", "b", "0", "1", "-"), { minLength: 1, maxLength: 3 })
    .map((keys) => `/${keys.join("/")}`),
  value: json,
});

test("agrees with the naive version, and never changes its input", () => {
  fc.assert(
    fc.property(object, fc.array(operation, { maxLength: 4 }), (document, operations) => {
      deepFreeze(document);
      deepFreeze(operations);
      const want = naive(document, operations);
      if (want === undefined) assert.throws(() => applyJsonPatch(document, operations), { name: "JsonPatchError" });
      else assert.deepEqual(applyJsonPatch(document, operations), want);
    }),
    { numRuns: 1000 },
  );
});

test("merge patches, as in the RFC's examples", () => {
  const cases: Array<[JsonValue, JsonValue, JsonValue]> = [
    [{ a: "b" }, { a: "c" }, { a: "c" }],
    [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
    [{ a: "b" }, { a: null }, {}],
    [{ a: ["b"] }, { a: "c" }, { a: "c" }],
    [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
    [{ a: [1] }, { a: [2, null] }, { a: [2, null] }],
    [["a"], { b: 1, c: null }, { b: 1 }],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
    [{ a: 1 }, ["c"], ["c"]],
  ];
  for (const [document, patch, want] of cases) {
    assert.deepEqual(applyMergePatch(deepFreeze(document), deepFreeze(patch)), want);
  }
});

test("a created merge patch leads from one to the other", () => {
  const noNulls = fc.letrec<{ value: JsonValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom<JsonValue>(1, "s", true),
      fc.array(fc.constantFrom<JsonValue>(1, "s"), { maxLength: 2 }),
      fc.dictionary(fc.constantFrom("a", "b", "c"), tie("value"), { noNullPrototype: true }),
    ),
  })).value;
  const plain = fc.dictionary(fc.constantFrom("a", "b", "c"), noNulls, {
    noNullPrototype: true,
  }) as fc.Arbitrary<JsonObject>;
  fc.assert(
    fc.property(plain, plain, (before, after) => {
      deepFreeze(before);
      assert.deepEqual(applyMergePatch(before, deepFreeze(createMergePatch(before, after))), after);
    }),
    { numRuns: 500 },
  );
});

test("equality", () => {
  assert.ok(deepEqual({ a: 1, b: [1n] }, { b: [1], a: 1n }));
  assert.ok(deepEqual({ a: undefined }, {}));
  assert.ok(!deepEqual({ a: null }, {}));
  assert.ok(!deepEqual([], {}));
  assert.ok(!deepEqual({ a: 1 }, JSON.parse('{"a":1,"__proto__":2}')));
  assert.ok(semanticEqual({ a: [], b: { c: {} } }, { b: { c: null } }));
  assert.ok(!semanticEqual({ a: [1] }, {}));
});
