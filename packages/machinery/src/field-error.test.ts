import assert from "node:assert/strict";
import { test } from "node:test";
import {
  duplicate,
  type FieldError,
  fieldErrorBody,
  fieldErrorText,
  forbiddenField,
  invalidValue,
  notFoundValue,
  notSupported,
  required,
  tooLong,
  tooMany,
  typeInvalid,
} from "./field-error.ts";
import { quote } from "./quote.ts";

test("each kind of error has the original's text", () => {
  const cases: Array<[FieldError, string]> = [
    [required("spec.selector"), "spec.selector: Required value"],
    [
      required("metadata.name", "name or generateName is required"),
      "metadata.name: Required value: name or generateName is required",
    ],
    [
      invalidValue("spec.replicas", -1, "must be greater than or equal to 0"),
      "spec.replicas: Invalid value: -1: must be greater than or equal to 0",
    ],
    [invalidValue("a", "x\u0001", "no"), 'a: Invalid value: "x\\x01": no'],
    [
      invalidValue("a", { matchLabels: { b: "c" } }, "field is immutable"),
      'a: Invalid value: {"matchLabels":{"b":"c"}}: field is immutable',
    ],
    [invalidValue("a", undefined, "field is immutable"), "a: Invalid value: null: field is immutable"],
    [invalidValue("a", 2n ** 60n, "no"), "a: Invalid value: 1152921504606846976: no"],
    [typeInvalid("a", "x", "no"), 'a: Invalid value: "x": no'],
    [forbiddenField("spec", "may not change"), "spec: Forbidden: may not change"],
    [duplicate("a[1]", "x"), 'a[1]: Duplicate value: "x"'],
    [notFoundValue("a", "x"), 'a: Not found: "x"'],
    [notSupported("a", "Maybe", ["True", "False"]), 'a: Unsupported value: "Maybe": supported values: "True", "False"'],
    [tooLong("data", 1048576), "data: Too long: may not be more than 1048576 bytes"],
    [tooMany("items", 9, 8), "items: Too many: 9: must have at most 8 items"],
  ];
  for (const [error, text] of cases) {
    assert.equal(fieldErrorText(error), text);
    assert.equal(`${error.field}: ${fieldErrorBody(error)}`, text);
  }
});

test("of a value that is very long the beginning is told", () => {
  const long = "é".repeat(1_000_000);
  for (const value of [long, { long }, [long], Array.from({ length: 1_000_000 }, () => 1)]) {
    const text = fieldErrorText(invalidValue("a", value, "no"));
    assert.match(text, /^a: Invalid value: .*\.\.\.: no$/);
    assert.ok(text.length < 66_000, `${text.length} characters`);
  }
});

test("quotes as Go's", () => {
  assert.equal(quote("plain"), '"plain"');
  assert.equal(quote('a"b\\c\n\t'), '"a\\"b\\\\c\\n\\t"');
  assert.equal(quote('é "😀"\r\b\f'), '"é \\"😀\\"\\r\\b\\f"');
  assert.equal(quote("\u0007\b\v\\"), '"\\a\\b\\v\\\\"');
  assert.equal(quote("é😀\u00a0\u200b\u007f\u0000"), '"é😀\\u00a0\\u200b\\x7f\\x00"');
});
