import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  everything,
  formatLabelSelector,
  labelSelectorOf,
  nothing,
  parseLabelSelector,
  selectorFromSet,
  validateLabelSelector,
} from "./label-selector.ts";

const KEY_RULE =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

test("text is read and printed", () => {
  const cases: Array<[string, string]> = [
    ["", ""],
    ["app=web", "app=web"],
    ["app==web", "app==web"],
    ["app in (b, a)", "app in (a,b)"],
    ["app notin (a)", "app notin (a)"],
    ["x,!y", "x,!y"],
    ["n>5,m<3", "m<3,n>5"],
    ["app=", "app="],
    ["app in ()", "app in ()"],
    ["app in (,a)", "app in (,a)"],
    ["app in (a,)", "app in (,a)"],
    ["in in (in)", "in in (in)"],
    ["z=1, a=2", "a=2,z=1"],
    [" app = web ", "app=web"],
  ];
  for (const [text, want] of cases) assert.equal(parseLabelSelector(text).toString(), want, text);
});

test("errors are the original's", () => {
  const cases: Array<[string, string]> = [
    ["bad!!", "unable to parse requirement: found '!', expected: in, notin, =, ==, !=, gt, lt"],
    ["app in web", "unable to parse requirement: found 'web' expected: '('"],
    ["app in (web", "unable to parse requirement: found '', expected: ',' or ')'"],
    ["app in (web db)", "unable to parse requirement: found 'db', expected: ',' or ')'"],
    [
      "n>abc",
      `unable to parse requirement: values[0]: Invalid value: "abc": for 'Gt', 'Lt' operators, the value must be an integer`,
    ],
    ["bad key=x", "unable to parse requirement: found 'key', expected: in, notin, =, ==, !=, gt, lt"],
    ["app notin", "unable to parse requirement: found '' expected: '('"],
    ["app===web", "unable to parse requirement: found '=', expected: identifier"],
    ["-a=b", `unable to parse requirement: <nil>: Invalid value: "-a": name part ${KEY_RULE}`],
    [
      "ex.io/=x",
      `unable to parse requirement: <nil>: Invalid value: "ex.io/": name part must be non-empty; name part ${KEY_RULE}`,
    ],
    ["app=a,!", "unable to parse requirement: found '', expected: identifier"],
    ["app=a,", "found '', expected: identifier after ','"],
    [",a", "found ',', expected: !, identifier, or 'end of string'"],
    ["!a b", "found 'b', expected: ',' or 'end of string'"],
    [
      `app=${"v".repeat(64)}`,
      `unable to parse requirement: values[0][app]: Invalid value: "${"v".repeat(64)}": must be no more than 63 bytes`,
    ],
  ];
  for (const [text, message] of cases) {
    assert.throws(() => parseLabelSelector(text), { name: "SelectorError", message }, text);
  }
});

test("matching", () => {
  const labels = { app: "web", n: "7" };
  for (const text of ["", "app", "app=web", "app in (web,db)", "!old", "old!=x", "old notin (x)", "n>6", "n<8"]) {
    assert.equal(parseLabelSelector(text).matches(labels), true, text);
  }
  for (const text of ["old", "app!=web", "app notin (web)", "!app", "n>7", "app>1", "constructor", "app=db"]) {
    assert.equal(parseLabelSelector(text).matches(labels), false, text);
  }
  assert.equal(nothing.matches({}), false);
  assert.equal(everything.matches(undefined), true);
});

test("the object form", () => {
  assert.equal(labelSelectorOf(undefined), nothing);
  assert.equal(labelSelectorOf({}), everything);
  const selector = labelSelectorOf({
    matchLabels: { app: "web" },
    matchExpressions: [{ key: "tier", operator: "In", values: ["a", "b"] }],
  });
  assert.equal(selector.toString(), "app=web,tier in (a,b)");
  assert.equal(selector.exactValue("app"), "web");
  assert.equal(selector.exactValue("tier"), undefined);
  const unknown = { matchExpressions: [{ key: "a", operator: "Like" }] };
  assert.throws(() => labelSelectorOf(unknown), { message: '"Like" is not a valid label selector operator' });
  assert.equal(formatLabelSelector(unknown), "<error>");
  assert.equal(formatLabelSelector({}), "<none>");
  assert.equal(selectorFromSet({ b: "2", a: "1" }).toString(), "a=1,b=2");
});

test("validation", () => {
  const errors = validateLabelSelector(
    {
      matchLabels: { "bad key": "x" },
      matchExpressions: [
        { key: "app", operator: "Like", values: ["a"] },
        { key: "app", operator: "In" },
        { key: "x", operator: "Exists", values: ["a b"] },
      ],
    },
    "spec.selector",
  );
  assert.deepEqual(
    errors.map(({ type, field }) => `${type} ${field}`),
    [
      "FieldValueInvalid spec.selector.matchLabels",
      "FieldValueInvalid spec.selector.matchExpressions[0].operator",
      "FieldValueRequired spec.selector.matchExpressions[1].values",
      "FieldValueForbidden spec.selector.matchExpressions[2].values",
      "FieldValueInvalid spec.selector.matchExpressions[2].values[0]",
    ],
  );
});

const key = fc.constantFrom("a", "b", "in", "x.io/c");
const value = fc.constantFrom<string>("", "1", "2", "notin");
const requirement = fc.oneof(
  fc
    .tuple(key, fc.constantFrom("=", "==", "!="), value)
    .map(([k, op, v]) => ({ text: `${k}${op}${v}`, k, op, vs: [v] })),
  fc
    .tuple(key, fc.constantFrom("in", "notin"), fc.array(value, { minLength: 1, maxLength: 3 }))
    .map(([k, op, vs]) => ({ text: `${k} ${op} (${vs.join(",")})`, k, op, vs }))
    // Two commas before the parenthesis are refused, as the original does.
    .filter(({ text }) => !text.endsWith(",,)")),
  fc.tuple(key, fc.constantFrom("", "!")).map(([k, op]) => ({ text: `${op}${k}`, k, op, vs: [] as string[] })),
);

test("agrees with a naive reading", () => {
  fc.assert(
    fc.property(fc.array(requirement, { maxLength: 4 }), fc.dictionary(key, value), (list, labels) => {
      const selector = parseLabelSelector(list.map(({ text }) => text).join(","));
      const want = list.every(({ k, op, vs }) => {
        const has = Object.hasOwn(labels, k);
        if (op === "") return has;
        if (op === "!") return !has;
        const inside = has && vs.includes(labels[k] as string);
        return op === "!=" || op === "notin" ? !inside : inside;
      });
      assert.equal(selector.matches(labels), want);
      assert.equal(parseLabelSelector(selector.toString()).matches(labels), want);
    }),
  );
});
