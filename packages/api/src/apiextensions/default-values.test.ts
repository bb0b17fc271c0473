import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldErrorText } from "@kubets/machinery";
import type { Schema } from "../structural/schema.ts";
import { defaultErrors } from "./default-values.ts";

const errorsOf = (a: Schema) => defaultErrors({ type: "object", properties: { a } }, "s").map(fieldErrorText);
const AT = "s.properties[a].default";

test("a default is what its schema takes and keeps", () => {
  assert.deepEqual(errorsOf({ type: "integer", minimum: 5, default: 5 }), []);
  assert.deepEqual(errorsOf({ type: "integer", minimum: 5, default: 1 }), [
    `${AT}: Invalid value: 1:  in body should be greater than or equal to 5`,
  ]);
  assert.deepEqual(errorsOf({ type: "object", properties: {}, default: { b: 1 } }), [
    `${AT}: Invalid value: {"b":1}: must not have unknown fields`,
  ]);
});

test("a default keeps to the rules beside it and in it, also where it is new", () => {
  const withRule = (rule: string, more: object = {}): Schema => ({
    type: "string",
    "x-kubernetes-validations": [{ rule, ...more }],
  });
  assert.deepEqual(errorsOf({ ...withRule("self == 'x'"), default: "x" }), []);
  assert.deepEqual(errorsOf({ ...withRule("self == 'y'"), default: "x" }), [
    `${AT}: Invalid value: "x": failed rule: self == 'y'`,
  ]);
  assert.deepEqual(errorsOf({ type: "object", properties: { b: withRule("self == 'y'") }, default: { b: "x" } }), [
    `${AT}.b: Invalid value: "x": failed rule: self == 'y'`,
  ]);
  assert.deepEqual(errorsOf({ ...withRule("self == oldSelf"), default: "x" }), []);
  assert.deepEqual(errorsOf({ ...withRule("oldSelf.hasValue()", { optionalOldSelf: true }), default: "x" }), [
    `${AT}: Invalid value: "x": failed rule: oldSelf.hasValue()`,
  ]);
});
