/** Expressions for property tests: tokens in any order, well-formed trees, and what an attacker would write. */
import fc from "fast-check";

const TOKENS =
  "a b c 0 1 -1 1u 2.5 9223372036854775807 'x' \"\" b'\\xff' r'\\d' true false null ( ) [ ] { } . , ? : && || ! == != < <= > >= + - * / % in has all exists exists_one map filter size matches x y :: ' \\ ` @ # // \n optional of none .? [? cel bind transformMap format ip cidr quantity duration timestamp type dyn int string as for".split(
    " ",
  );
export const tokens = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(...TOKENS) },
  { weight: 1, arbitrary: fc.string({ maxLength: 3 }) },
);

const atom = fc.oneof(
  fc.constantFrom(
    "a",
    "b",
    "c",
    "x",
    "true",
    "null",
    "[]",
    "{}",
    "'%s%d'",
    "0",
    "-9223372036854775808",
    "1.5e308",
    "2u",
  ),
  fc.integer().map(String),
  fc.string({ maxLength: 5 }).map((text) => JSON.stringify(text)),
);

const METHODS =
  "size matches startsWith split join format find orValue charAt substring sum max indexOf replace isSorted containsIP add validate getFullYear hasValue value trim".split(
    " ",
  );
const CALLS =
  "size int uint double string bytes bool duration timestamp type dyn url ip cidr quantity semver isSemver optional.of sets.contains format.named strings.quote".split(
    " ",
  );

export const anyExpression = fc.letrec<{ expr: string }>((tie) => {
  const inner = tie("expr");
  const two = fc.tuple(inner, inner);
  const operator = fc.constantFrom("+", "-", "*", "/", "%", "&&", "||", "==", "!=", "<", ">=", "in");
  const method = fc.constantFrom(...METHODS);
  const call = fc.constantFrom(...CALLS);
  const macro = fc.constantFrom("all", "exists", "exists_one", "map", "filter");
  return {
    expr: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      atom,
      fc.tuple(inner, operator, inner).map(([left, sign, right]) => `(${left} ${sign} ${right})`),
      fc.tuple(inner, inner, inner).map(([one, then, other]) => `(${one} ? ${then} : ${other})`),
      fc.tuple(call, inner).map(([name, arg]) => `${name}(${arg})`),
      fc.tuple(call, two).map(([name, args]) => `${name}(${args.join(", ")})`),
      fc.tuple(inner, method).map(([target, name]) => `${target}.${name}()`),
      fc.tuple(inner, method, inner).map(([target, name, arg]) => `${target}.${name}(${arg})`),
      fc.tuple(inner, macro, inner).map(([range, name, body]) => `${range}.${name}(x, ${body})`),
      fc.tuple(inner, macro, inner).map(([range, name, body]) => `${range}.${name}(x, y, ${body})`),
      two.map(([container, key]) => `${container}[${key}]`),
      inner.map((operand) => `has(${operand}.b)`),
      inner.map((operand) => `${operand}.?c`),
      two.map((items) => `[${items.join(", ")}]`),
      two.map(([key, value]) => `{${key}: ${value}}`),
      two.map(([value, body]) => `cel.bind(x, ${value}, ${body})`),
    ),
  };
}).expr;

const times = (count: number, text: string): string => text.repeat(count);

export const HOSTILE: readonly string[] = [
  times(5000, "("),
  times(5000, "["),
  times(5000, "{"),
  times(5000, "-"),
  times(5000, "!"),
  times(5000, "a."),
  times(3000, "1 + "),
  times(3000, "a ? "),
  `${times(240, "[")}1${times(240, "]")}`,
  `${times(240, "(")}1${times(240, ")")}`,
  `a${times(5000, "[0]")}`,
  `a${times(5000, ".b")}`,
  `a${times(2000, ".map(x, x)")}`,
  `${times(200, "a.map(x, ")}x${times(200, ")")}`,
  `${times(200, "cel.bind(x, [x, x], ")}x${times(200, ")")}`,
  `${times(4000, "true && ")}true`,
  `${times(4000, "1 || ")}1`,
  `'${times(99_000, "a")}'.matches('${times(900, "(a*)*")}b')`,
  `'${times(50_000, "a")}'.replace('', '${times(40_000, "b")}')`,
  `'a'.matches('${times(1000, "(")}')`,
  `'a'.matches('((a{1,100}){1,100}){1,100}')`,
  `cel.bind(a0, 'xxxxxxxxxxxxxxxx', ${Array.from({ length: 60 }, (_, i) => `cel.bind(a${i + 1}, a${i} + a${i}, `).join("")}a60.size()${times(61, ")")}`,
  `cel.bind(a0, [1, 1], ${Array.from({ length: 60 }, (_, i) => `cel.bind(a${i + 1}, a${i} + a${i}, `).join("")}a60.size()${times(61, ")")}`,
  `cel.bind(a0, 1, ${Array.from({ length: 60 }, (_, i) => `cel.bind(a${i + 1}, {a${i}: a${i}}, `).join("")}a60.size()${times(61, ")")}`,
  `'%.99999999f'.format([1.5])`,
  times(90_000, "a"),
  times(90_000, "'"),
  times(90_000, "\\"),
  times(90_000, "/"),
  `"${times(30_000, "\\u0041")}"`,
  "__proto__ + constructor.prototype",
  "{'__proto__': {'a': 1}}.__proto__.a + a.constructor.name",
];
