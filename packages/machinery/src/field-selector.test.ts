import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { escapeFieldValue, fieldEquals, parseFieldSelector } from "./field-selector.ts";

test("terms are read, matched and printed", () => {
  const selector = parseFieldSelector("metadata.name=a,status.phase!=Running,,spec.x==y");
  assert.equal(selector.toString(), "metadata.name=a,status.phase!=Running,spec.x=y");
  const values: Record<string, string> = { "metadata.name": "a", "spec.x": "y" };
  assert.equal(
    selector.matches((field) => values[field]),
    true,
  );
  assert.equal(
    selector.matches((field) => (field === "status.phase" ? "Running" : values[field])),
    false,
  );
  assert.equal(selector.exactValue("metadata.name"), "a");
  assert.equal(selector.exactValue("status.phase"), undefined);
  assert.equal(parseFieldSelector("").isEmpty(), true);
  assert.deepEqual(parseFieldSelector("=a").terms, [{ field: "", operator: "=", value: "a" }]);
});

test("errors are the original's", () => {
  const cases: Array<[string, string]> = [
    ["metadata.name", "invalid selector: 'metadata.name'; can't understand 'metadata.name'"],
    ["metadata.name>a", "invalid selector: 'metadata.name>a'; can't understand 'metadata.name>a'"],
    ["a=b,c", "invalid selector: 'a=b,c'; can't understand 'c'"],
    ["a=b=c", "invalid field selector: unescaped character in value: 61"],
    ["a=\\x", "invalid field selector: invalid escape sequence: \\x"],
    ["a=\\", "invalid field selector: invalid escape sequence: \\"],
  ];
  for (const [text, message] of cases) assert.throws(() => parseFieldSelector(text), { message }, text);
});

test("any value survives printing and reading", () => {
  fc.assert(
    fc.property(fc.string(), (value) => {
      assert.equal(parseFieldSelector(fieldEquals("f", value).toString()).exactValue("f"), value);
      assert.equal(escapeFieldValue(value).replace(/\\(.)/gs, "$1"), value);
    }),
  );
});
