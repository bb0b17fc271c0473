import assert from "node:assert/strict";
import { test } from "node:test";
import {
  Budget,
  type CelType,
  celTypes,
  type EnvironmentOptions,
  evaluated,
  formatIssues,
  kubernetesEnvironment,
  toJson,
} from "./cel.ts";

const fields = (types: Record<string, CelType>) =>
  Object.fromEntries(Object.entries(types).map(([name, type]) => [name, { type }]));

const spec = celTypes.object("Spec", {
  ...fields({
    replicas: celTypes.int,
    ratio: celTypes.double,
    name: celTypes.string,
    since: celTypes.timestamp,
    every: celTypes.duration,
    data: celTypes.bytes,
    labels: celTypes.map(celTypes.string, celTypes.string),
    tags: celTypes.list(celTypes.string, { merge: { as: "set" } }),
    any: celTypes.dyn,
  }),
  a__dash__b: { type: celTypes.int, member: "a-b" },
});

function compiled(source: string, options: EnvironmentOptions = {}) {
  return kubernetesEnvironment.extend({ variables: { self: spec, object: celTypes.dyn }, ...options }).compile(source);
}

function evaluate(source: string, activation: Record<string, unknown> = {}): unknown {
  const result = compiled(source);
  assert.ok(result.ok, result.ok ? "" : formatIssues(result.errors));
  return toJson(result.program.evaluate(activation));
}

test("JSON is read by its declared types", () => {
  const self = {
    replicas: 3,
    ratio: 2,
    name: "x",
    since: "2026-01-02T03:04:05Z",
    every: "90m",
    data: "YWJj",
    labels: { app: "web", constructor: "own" },
    tags: ["a", "b"],
    any: { whole: 1, half: 0.5, list: [1, "a", null] },
    "a-b": 7,
  };
  const cases: [source: string, want: unknown][] = [
    ["self.replicas + 1", 4],
    ["self.ratio / 4.0", 0.5],
    ["type(self.ratio) == double && type(self.any.whole) == int && type(self.any.half) == double", true],
    ["self.since.getFullYear()", 2026],
    ["self.since + self.every", "2026-01-02T04:34:05Z"],
    ["self.every > duration('1h')", true],
    ["self.data == b'abc'", true],
    ["self.labels['app'] + self.labels.app", "webweb"],
    ["has(self.labels.app) && !has(self.labels.toString) && self.labels.constructor == 'own'", true],
    ["self.tags == ['b', 'a']", true],
    ["self.any.list[1]", "a"],
    ["self.any.list.size() == 3 && self.any.list[2] == null", true],
    ["self.a__dash__b", 7],
    ["self.labels.map(k, k + '=' + self.labels[k])", ["app=web", "constructor=own"]],
    ["self.?name.orValue('none') + self.?labels.?nope.orValue('!')", "x!"],
    ["[1, 2, 3].all(i, v, v == i + 1)", true],
    ["{'a': 1}.transformMap(k, v, v + 1)", { a: 2 }],
    ["cel.bind(x, self.replicas * 2, x * x)", 36],
    ["object.spec.list.filter(x, x > 1).map(x, x * 10)", [20, 30]],
  ];
  for (const [source, want] of cases)
    assert.deepEqual(evaluate(source, { self, object: { spec: { list: [1, 2, 3] } } }), want, source);
});

test("evaluation errors are in the original's words", () => {
  const cases: [source: string, message: string][] = [
    ["self.replicas > 0", "no such key: replicas"],
    ["object.foo", "no such key: foo"],
    ["object.list[3]", "index out of bounds: 3"],
    ["10 / object.zero", "division by zero"],
    ["10 % object.zero", "modulus by zero"],
    ["int('x')", "type conversion error from 'string' to 'int'"],
    ["9223372036854775807 + object.one", "integer overflow"],
    ["object.one + 'a'", "no such overload"],
  ];
  for (const [source, message] of cases)
    assert.throws(() => evaluate(source, { self: {}, object: { list: [1], zero: 0, one: 1 } }), { message }, source);
});

test("one side of a junction decides whatever becomes of the other", () => {
  const object = { list: [0, 1, 2] };
  assert.equal(evaluate("object.nope || true", { object }), true);
  assert.equal(evaluate("object.nope && false", { object }), false);
  assert.equal(evaluate("object.list.exists(x, 2 / x == 1)", { object }), true);
  assert.equal(evaluate("object.list.all(x, 2 / x == 2)", { object }), false);
  assert.throws(() => evaluate("object.list.all(x, 2 / x > 0)", { object }), { message: "division by zero" });
});

test("issues print as the original's", () => {
  const wrongStart =
    "expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";
  const cases: [source: string, text: string][] = [
    ["foo", "ERROR: <input>:1:1: undeclared reference to 'foo' (in container '')\n | foo\n | ^"],
    ["foo(self)", "ERROR: <input>:1:4: undeclared reference to 'foo' (in container '')\n | foo(self)\n | ...^"],
    [
      "self.shout()",
      "ERROR: <input>:1:11: undeclared reference to 'shout' (in container '')\n | self.shout()\n | ..........^",
    ],
    ["self.b == 'x'", "ERROR: <input>:1:5: undefined field 'b'\n | self.b == 'x'\n | ....^"],
    [
      "self.replicas == 'x'",
      "ERROR: <input>:1:15: found no matching overload for '_==_' applied to '(int, string)'\n | self.replicas == 'x'\n | ..............^",
    ],
    ["self ==", `ERROR: <input>:1:8: Syntax error: mismatched input '<EOF>' ${wrongStart}\n | self ==\n | .......^`],
    ["object.", "ERROR: <input>:1:8: Syntax error: no viable alternative at input '.'\n | object.\n | .......^"],
    [
      "'a",
      `ERROR: <input>:1:1: Syntax error: token recognition error at: ''a'\n | 'a\n | ^\nERROR: <input>:1:3: Syntax error: mismatched input '<EOF>' ${wrongStart}\n | 'a\n | ..^`,
    ],
    ["has(self)", "ERROR: <input>:1:5: invalid argument to has() macro\n | has(self)\n | ....^"],
    ["'a'.matches('(')", "ERROR: <input>:1:13: invalid matches argument\n | 'a'.matches('(')\n | ............^"],
    [
      "duration('x') == duration('1s')",
      "ERROR: <input>:1:10: invalid duration argument\n | duration('x') == duration('1s')\n | .........^",
    ],
    [
      "{'a': 1, 'b': [1, 'a']}.size() + '%d'.format([1, dyn('a')]).size()",
      "ERROR: <input>:1:15: expected type 'int' but found 'list(dyn)'\n | {'a': 1, 'b': [1, 'a']}.size() + '%d'.format([1, dyn('a')]).size()\n | ..............^\nERROR: <input>:1:19: expected type 'int' but found 'string'\n | {'a': 1, 'b': [1, 'a']}.size() + '%d'.format([1, dyn('a')]).size()\n | ..................^",
    ],
    ["[1, 'a']", "ERROR: <input>:1:5: expected type 'int' but found 'string'\n | [1, 'a']\n | ....^"],
  ];
  for (const [source, text] of cases) {
    const result = compiled(source);
    assert.equal(result.ok ? "compiled" : formatIssues(result.errors), text, source);
  }
});

test("what is spent is charged, and ends at the limit", () => {
  const result = compiled("object.list.all(x, object.list.all(y, x + y >= 0))");
  assert.ok(result.ok);
  const budget = new Budget(100);
  const list = Array.from({ length: 2000 }, (_, i) => i);
  assert.throws(() => result.program.evaluate({ object: { list } }, { budget }), {
    name: "CelLimitError",
    message: "operation cancelled: actual cost limit exceeded",
  });
  assert.ok(budget.exceeded && budget.remaining <= 100 - 1_000_000);
  assert.throws(() => result.program.evaluate({ object: { list } }, { deadline: 0 }), { name: "CelLimitError" });
});

test("a variable may be what an expression gave, and is read only when used", () => {
  let reads = 0;
  const activation = {
    get object() {
      reads++;
      return evaluated(1.0);
    },
  };
  assert.equal(evaluate("true || object == 1", activation), true);
  assert.equal(reads, 0);
  assert.equal(evaluate("type(object) == double && object == 1.0", activation), true);
  assert.equal(reads, 1);
});

test("a type may contain itself", () => {
  const tree: CelType = celTypes.object("Tree", {
    value: { type: celTypes.int },
    get children() {
      return { type: celTypes.list(tree) };
    },
  });
  const result = compiled("self.children.all(c, c.value < self.value)", { variables: { self: tree } });
  assert.ok(result.ok);
  assert.equal(result.program.evaluate({ self: { value: 2, children: [{ value: 1, children: [] }] } }), true);
});
