import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseJson, stringifyJson, type WrittenFloat } from "./json.ts";
import { readJson } from "./json-reader.ts";
import type { JsonValue, ReadonlyJson } from "./json-value.ts";

test("integers are exact", () => {
  assert.deepEqual(parseJson("[9007199254740991,9007199254740993,-9223372036854775808,12345678901234567890]"), [
    9007199254740991,
    9007199254740993n,
    -9223372036854775808n,
    12345678901234567890n,
  ]);
  assert.deepEqual(parseJson('{"a":1.0000000000000001,"b":"12345678901234567890"}'), {
    a: 1,
    b: "12345678901234567890",
  });
  assert.equal(parseJson("100000000000000000000"), 100000000000000000000n);
  assert.equal(parseJson("1e3"), 1000);
  assert.equal(stringifyJson({ a: 9007199254740993n, b: [1] }), '{"a":9007199254740993,"b":[1]}');
  assert.throws(() => parseJson("[1e400]"), {
    message: "json: cannot unmarshal number 1e400 into Go value of type float64",
  });
});

test("errors are Go's", () => {
  const cases: Array<[string, string]> = [
    ["", "unexpected end of JSON input"],
    ["{", "unexpected end of JSON input"],
    ["[{", "unexpected end of JSON input"],
    ["[1", "unexpected end of JSON input"],
    ['"abc', "unexpected end of JSON input"],
    ["tru", "unexpected end of JSON input"],
    ["-", "unexpected end of JSON input"],
    ["1.", "unexpected end of JSON input"],
    ["1e+", "unexpected end of JSON input"],
    ["{bad", "invalid character 'b' looking for beginning of object key string"],
    ['{"metadata":{"name":"a"}} tail', "invalid character 't' after top-level value"],
    ['{"metadata":{"name":"a"},}', "invalid character '}' looking for beginning of object key string"],
    ["{'a':1}", "invalid character '\\'' looking for beginning of object key string"],
    ["hello", "invalid character 'h' looking for beginning of value"],
    ['\ufeff{"a":1}', "invalid character 'ï' looking for beginning of value"],
    ["data:\n  x: y\n", "invalid character 'd' looking for beginning of value"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":1 "b"}', "invalid character '\"' after object key:value pair"],
    ["[1 2]", "invalid character '2' after array element"],
    ["[1,]", "invalid character ']' looking for beginning of value"],
    ["nul1", "invalid character '1' in literal null (expecting 'l')"],
    ["01", "invalid character '1' after top-level value"],
    ["-a", "invalid character 'a' in numeric literal"],
    ["1.a", "invalid character 'a' after decimal point in numeric literal"],
    ["1ea", "invalid character 'a' in exponent of numeric literal"],
    ['"a\nb"', "invalid character '\\n' in string literal"],
    ['"\u0001"', "invalid character '\\x01' in string literal"],
    ['"\\x"', "invalid character 'x' in string escape code"],
    ['"\\u12g4"', "invalid character 'g' in \\u hexadecimal character escape"],
  ];
  for (const [text, message] of cases) assert.throws(() => parseJson(text), { name: "JsonError", message }, text);
});

test("repeated members are told by their paths, in order; the last counts", () => {
  const duplicates: string[] = [];
  const text =
    '{"metadata":{"labels":{"l":"1","l":"2"}},"data":{"x":"1"},"data":{"x":"2","x":"3"},"c":[{},{"n":1,"n":2}]}';
  const value = parseJson(text, { duplicates });
  assert.deepEqual(duplicates, ["metadata.labels.l", "data", "data.x", "c[1].n"]);
  assert.deepEqual(value, { metadata: { labels: { l: "2" } }, data: { x: "3" }, c: [{}, { n: 2 }] });
  const none: string[] = [];
  parseJson('{"a":{"b":":\\"","c":[{"b":1}]}}', { duplicates: none });
  assert.deepEqual(none, []);
});

test("nesting has an end", () => {
  const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
  assert.ok(Array.isArray(parseJson(nested(10_000))));
  assert.throws(() => parseJson(nested(10_002)), { message: "exceeded max depth" });
  assert.throws(() => parseJson(`{"a":${nested(200_000)}}`, { duplicates: [] }), { message: "exceeded max depth" });
  assert.throws(() => parseJson("[".repeat(500_000)), { name: "JsonError" });
});

test("bytes that are no UTF-8 become replacement characters, one for each", () => {
  const bytes = Buffer.concat([Buffer.from('"a'), Buffer.from([0xe2, 0x82]), Buffer.from('b"')]);
  assert.equal(parseJson(bytes), "a\ufffd\ufffdb");
  assert.equal(parseJson(Buffer.from('"é😀"')), "é😀");
  assert.equal(parseJson('"\\ud800x"'), "\ufffdx");
  assert.equal(parseJson('"\\ud83d\\ude00"'), "😀");
});

test("__proto__ is a key as any other", () => {
  for (const read of [parseJson, readJson]) {
    const value = read('{"__proto__":{"polluted":1},"constructor":2}') as Record<string, JsonValue>;
    assert.ok(Object.hasOwn(value, "__proto__"));
    assert.deepEqual(value.__proto__, { polluted: 1 });
    assert.equal(Object.getPrototypeOf(value), Object.prototype);
  }
});

test("both roads give what JSON.parse gives, and refuse what it refuses", () => {
  const members = (value: unknown): unknown => value;
  fc.assert(
    fc.property(fc.json({ maxDepth: 4 }), (text) => {
      const want = members(JSON.parse(text));
      assert.deepEqual(parseJson(text), exact(text, want));
      assert.deepEqual(readJson(text), exact(text, want));
      assert.deepEqual(parseJson(stringifyJson(parseJson(text))), parseJson(text));
    }),
    { numRuns: 300 },
  );
  const broken = fc.array(fc.constantFrom(...Array.from('{}[]",:0-1.eE+tfn \\u'), "true", "null", '"a"'), {
    maxLength: 8,
  });
  fc.assert(
    fc.property(broken, (parts) => {
      const text = parts.join("");
      let valid = true;
      try {
        JSON.parse(text);
      } catch {
        valid = false;
      }
      if (valid) assert.deepEqual(readJson(text), JSON.parse(text));
      else assert.throws(() => readJson(text), { name: "JsonError" });
    }),
    { numRuns: 3000 },
  );
});

/** fast-check writes doubles of more than 15 digits; those without a fraction are integers, and then exact. */
function exact(text: string, want: unknown): unknown {
  return /[0-9]{16}/.test(text) || /\\ud/i.test(text) ? readJson(text) : want;
}

test("members that stand twice and how numbers are written are told, whichever road a text takes", () => {
  const collecting = () => ({ duplicates: [] as string[], floats: [] as WrittenFloat[] });
  const same = (text: string) => {
    const [here, there] = [collecting(), collecting()];
    assert.deepEqual(parseJson(text, here), readJson(text, there), text);
    assert.deepEqual(here, there, text);
  };
  const member = fc.oneof(
    fc.constantFrom(
      '"a":1e+21',
      '"a":1.0',
      '"a":1e21',
      '"a":-0',
      '"a":9007199254740992',
      '"a":1.5',
      '"2":{}',
      '"1":[]',
    ),
    fc.constantFrom(
      '"a":"e+"',
      '"b":"\\u003c"',
      '"b":"\\ud83d"',
      '"__proto__":1',
      '"b": 1',
      '"c":12345678901234567000',
    ),
    fc.json({ maxDepth: 2 }).map((value) => `"d":{"e":${value}}`),
  );
  fc.assert(
    fc.property(fc.array(member, { maxLength: 4 }), fc.constantFrom("", "\n", " "), (members, end) =>
      same(`{${members.join(",")}}${end}`),
    ),
    { numRuns: 2000 },
  );
});

test("any 64-bit integer survives", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n }), (number) => {
      const text = `{"n":${number}}`;
      assert.equal(stringifyJson(parseJson(text) as ReadonlyJson), text);
    }),
  );
});
