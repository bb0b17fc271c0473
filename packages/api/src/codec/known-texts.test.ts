import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { encodeJson } from "./json.ts";
import { encodeObject, keepText } from "./known-texts.ts";

test("the text is that of the whole, whatever stands in it", () => {
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom(undefined, null, [], {}, [null], 9007199254740993n, [{ fieldsV1: [1] }], [{ fieldsV1: null }]),
  );
  const entry = fc.dictionary(fc.constantFrom("manager", "fieldsV1", "subresource"), value);
  const metadata = fc.record(
    { name: value, managedFields: fc.oneof(value, fc.array(entry)), 'a"b': value },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(
      fc.record({ kind: value, metadata, spec: value, 'k"': value }, { requiredKeys: ["metadata"] }),
      (object) => assert.equal(encodeObject(object), encodeJson(object)),
    ),
    { numRuns: 2000 },
  );
});

test("parts whose text is known stand where they are used, and change no more", () => {
  const spec = keepText({ containers: [{ name: "c" }] });
  const fields = keepText({ 'k:{"name":"c"}': {} });
  const object = { metadata: { managedFields: [{ fieldsV1: { "f:spec": fields } }] }, spec, status: {} };
  assert.equal(encodeObject(object), encodeJson(object));
  assert.throws(() => spec.containers.push({ name: "d" }), TypeError);
});
