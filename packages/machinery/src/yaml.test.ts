import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { JsonValue, ReadonlyJson } from "./json-value.ts";
import { compareNaturally } from "./natural-order.ts";
import { parseYaml, parseYamlDocuments, toYaml } from "./yaml.ts";

test("scalars are read as go-yaml v2 reads them", () => {
  const cases: Array<[string, JsonValue]> = [
    ["yes", true],
    ["on", true],
    ["y", true],
    ["Off", false],
    ["n", false],
    ["0644", 420],
    ["0o644", 420],
    ["0x1F", 31],
    ["0b101", 5],
    ["089", 89],
    ["1_000", 1000],
    ["1e3", 1000],
    ["1.5", 1.5],
    [".5", 0.5],
    ["-7", -7],
    ["12:30:45", "12:30:45"],
    ["2026-01-02", "2026-01-02"],
    ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"],
    ["~", null],
    ["", null],
    ["null", null],
    ["9223372036854775807", 9223372036854775807n],
    ["18446744073709551616", 18446744073709551616],
    ["1.2.3", "1.2.3"],
    ["100m", "100m"],
    ["'yes'", "yes"],
    ['"0644"', "0644"],
    ["!!str 5", "5"],
    ["!!int '5'", 5],
    ["!!binary aGk=", "hi"],
    ["-", [null]],
  ];
  for (const [text, want] of cases) assert.deepEqual(parseYaml(text), want, text);
});

test("keys become names", () => {
  assert.deepEqual(parseYaml("{n: 1, on: 2, 5: 3, 1.5: 4, 0x10: 5}"), { false: 1, true: 2, "5": 3, "1.5": 4, "16": 5 });
  const hostile = parseYaml("__proto__: {a: 1}") as Record<string, JsonValue>;
  assert.ok(Object.hasOwn(hostile, "__proto__"));
  assert.throws(() => parseYaml("{[1]: 2}"), { message: "yaml: line 1: a key must be text, a number or a boolean" });
});

test("anchors and merges", () => {
  const text = "base: &b {x: 1, z: 2}\nuse:\n  <<: *b\n  z: 3\nsame: *b\n";
  assert.deepEqual(parseYaml(text), { base: { x: 1, z: 2 }, use: { z: 3, x: 1 }, same: { x: 1, z: 2 } });
  assert.throws(() => parseYaml("a: *none"), { message: "yaml: line 1: unknown anchor 'none' referenced" });
  assert.throws(() => parseYaml("a: &a [*a]"), { message: "yaml: line 1: anchor 'a' value contains itself" });
  const laughs = ["a0: &a0 [x,x,x,x,x,x,x,x,x,x]"];
  for (let i = 1; i < 9; i++)
    laughs.push(`a${i}: &a${i} [${Array.from({ length: 10 }, () => `*a${i - 1}`).join(",")}]`);
  assert.throws(() => parseYaml(laughs.join("\n")), /excessive aliasing/);
});

test("documents", () => {
  assert.deepEqual(parseYaml("a: 1\n---\na: 2\n"), { a: 1 });
  assert.deepEqual(parseYaml("# c\n---\na: 1\n---\nb: [\n"), { a: 1 });
  assert.deepEqual(parseYamlDocuments("---\na: 1\n---\n# nothing\n---\na: 2\n...\n"), [{ a: 1 }, { a: 2 }]);
  assert.equal(parseYaml(""), null);
});

test("keys that stand twice: the last counts, and they are told with their lines", () => {
  const duplicates: string[] = [];
  assert.deepEqual(
    parseYaml("metadata: {name: a}\ndata: {x: '1', x: '3'}\ndata: {x: '2'}\n", {
      duplicates,
    }),
    {
      metadata: { name: "a" },
      data: { x: "2" },
    },
  );
  assert.deepEqual(duplicates, ['line 2: key "x" already set in map', 'line 3: key "data" already set in map']);
});

test("errors tell the line", () => {
  assert.throws(() => parseYaml("apiVersion: v1\nkind: ["), {
    name: "YamlError",
    message: "yaml: line 2: did not find expected node content",
  });
  assert.throws(() => parseYaml("a: b: c"), {
    message: "yaml: line 1: mapping values are not allowed in this context",
  });
  assert.throws(() => parseYaml('a: "x'), { message: /^yaml: line 1: found unexpected end of stream/ });
  assert.throws(() => parseYaml("a: .nan"), /cannot be written as JSON/);
});

test("values are written as the original writes them", () => {
  const value: ReadonlyJson = {
    kind: "ConfigMap",
    apiVersion: "v1",
    data: {
      yes: "yes",
      x: "1",
      multi: "a\nb\n",
      strip: "a\nb",
      keep: "a\n\n",
      ctl: "\t\r\n\u2028",
      emoji: "\u{1f680} ünï çødé 漢字 \0end",
      quotes: `"''\\/<>&`,
      rtl: "שלום",
      empty: "",
      date: "2026-01-02",
      colon: "a: b",
      star: "*x",
      time: "12:30:45",
      octal: "0644",
    },
    list: [{ a: 1, b: [1, [2]] }, "s", {}, []],
    none: {},
    nothing: null,
    number: 1.5,
    big: 9007199254740993n,
    tiny: 1e-7,
  };
  assert.equal(
    toYaml(value),
    `apiVersion: v1
big: 9007199254740993
data:
  colon: 'a: b'
  ctl: "\\t\\r\\n\\L"
  date: "2026-01-02"
  emoji: "\\U0001F680 ünï çødé 漢字 \\0end"
  empty: ""
  keep: |+
    a

  multi: |
    a
    b
  octal: "0644"
  quotes: '"''''\\/<>&'
  rtl: שלום
  star: '*x'
  strip: |-
    a
    b
  time: "12:30:45"
  x: "1"
  "yes": "yes"
kind: ConfigMap
list:
- a: 1
  b:
  - 1
  - - 2
- s
- {}
- []
none: {}
nothing: null
number: 1.5
tiny: 1e-07
`,
  );
});

test("long lines are folded behind column 80", () => {
  const message = 'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required';
  assert.equal(
    toYaml({ message }),
    `message: 'ConfigMap "" is invalid: metadata.name: Required value: name or generateName
  is required'
`,
  );
  const description =
    "Data contains the configuration data. Each key must consist of alphanumeric characters, '-', '_' or '.'. Values";
  assert.equal(
    toYaml([{ description }]),
    `- description: Data contains the configuration data. Each key must consist of alphanumeric
    characters, '-', '_' or '.'. Values
`,
  );
});

test("members stand in natural order", () => {
  const names = ["b", "a10", "a2", ".", "f:x", "A", "a", "k:{x}", "1", "10", "2", "_"];
  assert.deepEqual([...names].sort(compareNaturally), [
    ".",
    "_",
    "1",
    "2",
    "10",
    "A",
    "a",
    "a2",
    "a10",
    "b",
    "f:x",
    "k:{x}",
  ]);
  assert.equal(toYaml({ b: 1, a: 2 }, { sortKeys: false }), "b: 1\na: 2\n");
});

test("any value reads back as itself", () => {
  const text = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.string({ unit: fc.constantFrom("a", " ", "\n", ":", "#", "-", "'", '"', "\t", "0", "\\", "é", "?", ",", "]") }),
    fc.constantFrom("yes", "0644", "1e3", "~", "12:30", "<<", "---", "...", "=", "a".repeat(90), "word ".repeat(40)),
    fc
      .array(fc.constantFrom("word", "two  blanks", "a:b", "'q'"), { minLength: 20, maxLength: 40 })
      .map((w) => w.join(" ")),
  );
  const value = fc.letrec<{ value: JsonValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      text,
      fc.constantFrom<JsonValue>(null, true, false, 0, -1, 1.5, 1e21, 1e-7, 2n ** 60n),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(text, tie("value"), { maxKeys: 3, noNullPrototype: true }),
    ),
  })).value;
  fc.assert(
    fc.property(value, (v) => {
      assert.deepEqual(parseYaml(toYaml(v)), v);
    }),
    { numRuns: 2000 },
  );
});
