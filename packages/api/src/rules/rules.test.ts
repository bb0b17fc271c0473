import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fieldErrorText, tooLong } from "@kubets/machinery";
import type { Schema } from "../structural/schema.ts";
import { ruleCheckErrors } from "./rule-checks.ts";
import { ruleErrors } from "./rule-errors.ts";

type Rule = NonNullable<Schema["x-kubernetes-validations"]>[number];
const rules = (...all: Rule[]): Schema => ({ "x-kubernetes-validations": all });
const spec = (properties: Record<string, Schema>, more: Schema = {}): Schema => ({
  type: "object",
  properties: { spec: { type: "object", properties, ...more } },
});
const texts = (schema: Schema, value: object, old?: object): string[] =>
  ruleErrors(schema, { spec: value }, [], old && { spec: old }).errors.map(fieldErrorText);
const checks = (schema: Schema): string[] => ruleCheckErrors(schema, "s").map(fieldErrorText);
const AT = "s.properties[spec].properties[f]";

describe("rules of an object", () => {
  test("say what their message says, or themselves, for their reason", () => {
    const schema = spec(
      {
        plain: { type: "integer", ...rules({ rule: "self < 3" }) },
        said: { type: "integer", ...rules({ rule: "self < 3", message: "too big" }) },
        made: {
          type: "integer",
          ...rules({ rule: "self < 3", messageExpression: "self > 9 ? 'far too big' : 'too big'" }),
        },
        broken: {
          type: "integer",
          ...rules({ rule: "self < 3", messageExpression: "1 / (self - self) > 0 ? 'a' : 'b'" }),
        },
        no: { type: "integer", ...rules({ rule: "self < 3", reason: "FieldValueForbidden" }) },
        twice: { type: "integer", ...rules({ rule: "self < 3", reason: "FieldValueDuplicate" }) },
      },
      rules({ rule: "self.plain < 9", fieldPath: ".plain", message: "here" }),
    );
    assert.deepEqual(texts(schema, { plain: 9, said: 9, made: 10, broken: 9, no: 9, twice: 9 }), [
      "spec.plain: Invalid value: here",
      "spec.plain: Invalid value: 9: failed rule: self < 3",
      "spec.said: Invalid value: 9: too big",
      "spec.made: Invalid value: 10: far too big",
      "spec.broken: Invalid value: 9: failed rule: self < 3",
      "spec.no: Forbidden: failed rule: self < 3",
      "spec.twice: Duplicate value: 9",
    ]);
  });

  test("that cannot be evaluated say why", () => {
    const withG = spec(
      { f: { type: "integer", ...rules({ rule: "10 / self > 1" }) }, g: { type: "integer" } },
      rules({ rule: "self.g > 1" }),
    );
    assert.deepEqual(texts(withG, { f: 0 }), [
      'spec: Invalid value: "object": no such key: g evaluating rule: self.g > 1',
      'spec.f: Invalid value: "integer": division by zero evaluating rule: 10 / self > 1',
    ]);
  });

  test("compare with what was there, item by item where items have keys", () => {
    const schema = spec({
      grow: { type: "integer", ...rules({ rule: "self >= oldSelf" }) },
      once: { type: "string", ...rules({ rule: "oldSelf.hasValue() || self == 'first'", optionalOldSelf: true }) },
      map: {
        type: "array",
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["k"],
        items: {
          type: "object",
          properties: { k: { type: "string" }, v: { type: "integer", ...rules({ rule: "self >= oldSelf" }) } },
        },
      },
    });
    assert.deepEqual(texts(schema, { grow: 1, once: "second" }), [
      "spec.once: Invalid value: \"second\": failed rule: oldSelf.hasValue() || self == 'first'",
    ]);
    assert.deepEqual(texts(schema, { grow: 1, once: "later" }, { grow: 2, once: "first" }), [
      "spec.grow: Invalid value: 1: failed rule: self >= oldSelf",
    ]);
    const [before, after] = [
      [
        { k: "a", v: 1 },
        { k: "b", v: 5 },
      ],
      [
        { k: "b", v: 4 },
        { k: "c", v: 0 },
      ],
    ];
    assert.deepEqual(texts(schema, { map: after }, { map: before }), [
      "spec.map[0].v: Invalid value: 4: failed rule: self >= oldSelf",
    ]);
  });

  test("do not hold what did not change against a change", () => {
    const schema = spec({ f: { type: "integer", ...rules({ rule: "self < 3" }) }, g: { type: "integer" } });
    const { errors, ratcheted } = ruleErrors(schema, { spec: { f: 9, g: 2 } }, [], { spec: { f: 9, g: 1 } });
    assert.deepEqual(errors, []);
    assert.deepEqual(ratcheted.map(fieldErrorText), ["spec.f: Invalid value: 9: failed rule: self < 3"]);
  });

  test("are not asked of what is no object of the kind", () => {
    const schema = spec({ f: { type: "string", ...rules({ rule: "self != 'x'" }) } });
    const { errors } = ruleErrors(schema, { spec: { f: "x" } }, [tooLong("spec.f", 3)]);
    assert.match(
      errors.map(fieldErrorText).join(),
      /^<nil>: Invalid value: null: some validation rules were not checked/,
    );
  });

  test("see names that are no identifiers, and the names of objects", () => {
    const schema: Schema = {
      ...spec({ "a-b": { type: "integer" } }),
      ...rules({ rule: "self.spec.a__dash__b > 0 && self.metadata.name != 'no'" }),
    };
    assert.deepEqual(ruleErrors(schema, { metadata: { name: "yes" }, spec: { "a-b": 1 } }, []).errors, []);
    assert.equal(ruleErrors(schema, { metadata: { name: "no" }, spec: { "a-b": 1 } }, []).errors.length, 1);
  });

  test("end when together they cost too much", () => {
    const list: Schema = {
      type: "array",
      items: { type: "integer" },
      ...rules({ rule: "self.all(a, self.all(b, self.all(c, a + b + c < 0 || true)))" }),
    };
    const [error] = texts(spec({ list }), { list: Array.from({ length: 200 }, (_, i) => i) });
    assert.match(error ?? "", /operation cancelled: actual cost limit exceeded/);
  });
});

describe("rules of a definition", () => {
  const field = (schema: Schema) => spec({ f: schema });

  test("compile, to what they must be", () => {
    assert.match(
      checks(field({ type: "string", ...rules({ rule: "self.nope" }) }))[0] ?? "",
      /compilation failed: ERROR: <input>:1:5/,
    );
    assert.deepEqual(checks(field({ type: "string", ...rules({ rule: "self" }) })), [
      `${AT}.x-kubernetes-validations[0].rule: Invalid value: {"Rule":"self","Message":"","MessageExpression":"","Reason":null,"FieldPath":"","OptionalOldSelf":null}: cel expression must evaluate to a bool`,
    ]);
    assert.match(
      checks(field({ type: "string", ...rules({ rule: "true", messageExpression: "1" }) }))[0] ?? "",
      /messageExpression must evaluate to a string/,
    );
    assert.deepEqual(checks(field({ type: "string", ...rules({ rule: "self == 'a'", optionalOldSelf: true }) })), [
      `${AT}.x-kubernetes-validations[0].optionalOldSelf: Invalid value: true: may not be set if oldSelf is not used in rule`,
    ]);
  });

  test("compare only what can be found again", () => {
    const items: Schema = {
      type: "object",
      properties: { k: { type: "string", maxLength: 5 } },
      ...rules({ rule: "self == oldSelf" }),
    };
    const list: Schema = { type: "array", maxItems: 3, items };
    assert.deepEqual(checks(field(list)), [
      `${AT}.items.x-kubernetes-validations[0].rule: Invalid value: "self == oldSelf": oldSelf cannot be used on the uncorrelatable portion of the schema within ${AT}`,
    ]);
    assert.deepEqual(
      checks(field({ ...list, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"] })),
      [],
    );
  });

  test("may ask what type a value has that may be of two", () => {
    const rule = "type(self) == int ? self > 1 : self.startsWith('p')";
    assert.deepEqual(checks(field({ "x-kubernetes-int-or-string": true, ...rules({ rule }) })), []);
  });

  test("cost what they may at most, by the bounds that the schema sets", () => {
    const list = (maxItems?: number): Schema => ({
      type: "array",
      ...(maxItems !== undefined && { maxItems }),
      items: { type: "string", ...(maxItems !== undefined && { maxLength: 10 }) },
      ...rules({ rule: "self.all(a, self.all(b, a == b))" }),
    });
    assert.deepEqual(checks(field(list(10))), []);
    assert.match(
      checks(field(list()))[0] ?? "",
      /rule: Forbidden: estimated rule cost exceeds budget by factor of more than 100x \(try simplifying the rule, or adding maxItems/,
    );
  });
});
