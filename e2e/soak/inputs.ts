/** Random expressions, schemas and values for the soak of expressions: small ones mostly, and now and then what is as large or as costly as is let in. */
import { anyExpression, HOSTILE, tokens } from "@kubets/cel/testing/expressions";
import type { Random } from "@kubets/machinery";
import fc from "fast-check";

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
export interface AnySchema {
  [keyword: string]: unknown;
}

/** What costs much of what it is given: `S` a text, `L` a list, `M` a map. */
const COSTLY = [
  "L.all(x, L.all(y, x != y || x == y))",
  "L.all(x, L.exists(y, L.exists(z, z == 'none')))",
  "L.map(x, L).size() >= 0",
  "L.map(x, L) == L.map(y, L)",
  "L.filter(x, x in L).size() == L.size()",
  "L == L && L + L != L",
  "sets.equivalent(L, L + L) && sets.intersects(L, ['none'])",
  "L.map(x, string(x)).join(',').split(',').size() == L.size()",
  "L.map(x, [x, x]).map(p, p.map(q, [q])) == []",
  "'%s %s'.format([L, M]).size() > 0",
  "M.all(k, M.exists(j, j == k && M[j] == M[k]))",
  "M == M && M.map(k, M[k]) != []",
  "M.transformList(k, v, [k, v]).size() == M.size()",
  "S.matches('^([a-z]+[0-9]* ?)*$')",
  "S.matches('(a|b|ab)*(c|d){1,50}e?zzz')",
  "S.findAll('[a-z]+').all(w, w.matches('[aeiou]'))",
  "S.split('').size() >= S.size()",
  "S.replace('a', 'bbbbbbbb').replace('b', 'cccc').upperAscii() != S",
  "(S + S + S + S).contains(S + 'none')",
  "S.lowerAscii().trim().substring(0).lastIndexOf('none') < 0",
  "strings.quote(S).size() > S.size()",
  "S.charAt(0) in S.split('') || S.indexOf('none') >= 0",
  "!isQuantity(S) || quantity(S).isGreaterThan(quantity('1'))",
  "isURL(S) || isIP(S) || isCIDR(S) || isSemver(S)",
  "format.dns1123Subdomain().validate(S).hasValue()",
  "cel.bind(t, S + S, cel.bind(u, t + t, cel.bind(w, u + u, w + w != t)))",
  "cel.bind(t, L + L, cel.bind(u, t + t, (u + u).all(x, x in u)))",
  "bytes(S) == bytes(S) && string(bytes(S)) == S",
  "S < S + 'a' && [S, S + 'a'].isSorted() && [S].max() == S",
  "timestamp('2026-01-01T00:00:00Z').getHours('Europe/Berlin') >= 0 && L.all(x, timestamp('2026-01-01T00:00:00Z').getHours('No/Where' + string(x)) > 0 || true)",
];
const PATTERNS = ["^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", "^.*$", "(a|b|ab)*c", "^(\\w+ ?)*$", "[a-z]{1,63}", "x{2,}(y|z)+"];
const FORMATS = ["date", "date-time", "email", "ipv4", "uuid", "uri", "byte", "duration", "hostname", "cidr"];
const MOST_ITEMS = 5000;
const LONGEST_VALUE = 20_000;
const MOST_CHARACTERS = 300_000;

export class Inputs {
  readonly #random: Random;
  readonly #arbitrary: { expression: Iterator<string>; tokens: Iterator<string[]> };

  constructor(random: Random, seed: number) {
    this.#random = random;
    const endless = <T>(arbitrary: fc.Arbitrary<T>) => samples(arbitrary, seed);
    this.#arbitrary = {
      expression: endless(anyExpression),
      tokens: endless(fc.array(tokens, { maxLength: 25 })),
    };
  }

  chance(probability: number): boolean {
    return this.#random.float() < probability;
  }

  several<T>(least: number, most: number, make: () => T): T[] {
    return Array.from({ length: least + this.#below(most - least + 1) }, make);
  }

  #below(limit: number): number {
    return Math.floor(this.#random.float() * limit);
  }

  #one<T>(list: readonly T[]): T {
    return list[this.#below(list.length)] as T;
  }

  /** Small mostly, and seldom near the limit. */
  #size(limit: number): number {
    return Math.floor(limit ** this.#random.float()) - 1;
  }

  /** Over the members a, b, c, s, l and m of something. */
  expression(of: string): string {
    const kind = this.#random.float();
    const bound = (text: string) =>
      ["a", "b", "c"].reduceRight((inner, name) => `cel.bind(${name}, ${of}.${name}, ${inner})`, text);
    if (kind < 0.35) return bound(this.#arbitrary.expression.next().value as string);
    if (kind < 0.4) return (this.#arbitrary.tokens.next().value as string[]).join(" ");
    if (kind < 0.45) return bound(this.#one(HOSTILE));
    if (kind < 0.5) return `[${this.several(1, this.#size(20_000) + 1, () => "1").join(", ")}].size()`;
    const costly = () => this.#one(COSTLY).replace(/\b[SLM]\b/g, (letter) => `${of}.${letter.toLowerCase()}`);
    return this.several(1, 1 + this.#size(20), () => `(${costly()})`).join(" && ");
  }

  condition(of: string): string {
    return `dyn(${this.expression(of)}) != 'none'`;
  }

  message(of: string): string {
    return `'%s'.format([${this.expression(of)}])`;
  }

  text(): string {
    const word = this.#one(["a", "ab1 ", "x", "9", "äö", "😀", "a.b-c", "http://x/?a=b&"]);
    const length = this.#size(MOST_CHARACTERS / 10) * (this.chance(0.1) ? 10 : 1);
    return word.repeat(Math.ceil(length / word.length));
  }

  /** The members that expressions name. */
  values(): Json {
    const items = this.#size(MOST_ITEMS);
    const item = this.#one<(i: number) => Json>([(i) => i, (i) => `item${i}`, (i) => [i, [i]], (i) => ({ n: i })]);
    return {
      a: this.json(4),
      b: this.#below(1000) - 500,
      c: this.several(0, 5, () => this.text().slice(0, 100)),
      s: this.text(),
      l: Array.from({ length: items }, (_, i) => item(i)),
      m: Object.fromEntries(Array.from({ length: this.#size(MOST_ITEMS / 4) }, (_, i) => [`k${i}`, item(i)])),
    };
  }

  json(depth: number): Json {
    const kind = this.#below(depth > 0 ? 7 : 5);
    if (kind === 0) return null;
    if (kind === 1) return this.chance(0.5);
    if (kind === 2) return this.#below(2_000_000) / (this.chance(0.5) ? 1 : 7) - 1000;
    if (kind <= 4) return this.text().slice(0, this.#size(1000));
    if (kind === 5) return this.several(0, 5, () => this.json(depth - 1));
    return Object.fromEntries(this.several(0, 5, () => [`f${this.#below(20)}`, this.json(depth - 1)]));
  }

  schema(depth = 4): AnySchema {
    const kind =
      depth === 4 ? "object" : this.#one(["object", "array", "string", "integer", "number", "boolean", "map"]);
    const schema = this.#schemaOf(depth === 0 && /object|array|map/.test(kind) ? "string" : kind, depth);
    if (this.chance(0.1)) schema["nullable"] = true;
    if (this.chance(0.25)) schema["x-kubernetes-validations"] = this.several(1, 3, () => this.#rule());
    if (this.chance(0.1)) schema["anyOf"] = this.several(1, 4, () => this.#part(schema));
    if (this.chance(0.05)) schema["not"] = this.#part(schema);
    return schema;
  }

  #part(schema: AnySchema): AnySchema {
    if (schema["type"] === "string") return { pattern: this.#one(PATTERNS) };
    if (schema["type"] === "object") return { required: [`f${this.#below(5)}`] };
    return { enum: [this.json(1)] };
  }

  #rule() {
    const rule = this.#one([
      () => `dyn(${this.#arbitrary.expression.next().value as string}) != self`,
      () => "self == self",
      () => "self.size() >= 0",
      () => "self.all(x, self.all(y, x != y || x == y))",
      () => "self.matches('^([a-z]+ ?)*$') || self.upperAscii() == self",
      () => "!has(oldSelf.f1) || self == oldSelf",
      () => "self.map(x, x) == self || '%s'.format([self]).size() > 3",
    ])();
    return { rule, ...(this.chance(0.3) && { messageExpression: "'%s'.format([self])" }) };
  }

  #schemaOf(kind: string, depth: number): AnySchema {
    const bound = (limit: number) => (this.chance(0.7) ? { [KEYWORDS[kind] as string]: limit } : {});
    switch (kind) {
      case "object": {
        const names = [...new Set(this.several(1, 6, () => `f${this.#below(8)}`))];
        const properties = Object.fromEntries(names.map((name) => [name, this.schema(depth - 1)]));
        return {
          type: "object",
          properties,
          ...(this.chance(0.3) && { required: [this.#one(names)] }),
          ...(this.chance(0.2) && { "x-kubernetes-preserve-unknown-fields": true }),
        };
      }
      case "map":
        return { type: "object", additionalProperties: this.schema(depth - 1), ...bound(this.#size(MOST_ITEMS)) };
      case "array": {
        const items = this.schema(depth - 1);
        const isSet = items["type"] === "string" && this.chance(0.4);
        return {
          type: "array",
          items,
          ...bound(this.#size(MOST_ITEMS)),
          ...(isSet && { "x-kubernetes-list-type": "set" }),
        };
      }
      case "string":
        return {
          type: "string",
          ...bound(this.#size(MOST_CHARACTERS)),
          ...(this.chance(0.4) && { pattern: this.#one(PATTERNS) }),
          ...(this.chance(0.3) && { format: this.#one(FORMATS) }),
          ...(this.chance(0.1) && { enum: this.several(1, 50, () => this.text().slice(0, 20)) }),
        };
      case "boolean":
        return { type: "boolean" };
      default:
        return { type: kind, ...bound(this.#below(1000)), ...(this.chance(0.2) && { multipleOf: 1 + this.#below(5) }) };
    }
  }

  /** A value that fits the types, and the rest as it comes. */
  valueOf(schema: AnySchema): Json {
    if (this.chance(0.02)) return this.json(2);
    const { type, properties, items, additionalProperties: values } = schema as Record<string, AnySchema>;
    if ((type as unknown) === "string") return this.text().slice(0, LONGEST_VALUE);
    if ((type as unknown) === "integer") return this.#below(1000);
    if ((type as unknown) === "number") return this.#below(1000) / 3;
    if ((type as unknown) === "boolean") return this.chance(0.5);
    if (items) return this.#many((limit) => Array.from({ length: limit }, () => this.#smaller(items)));
    if (values)
      return this.#many((limit) =>
        Object.fromEntries(Array.from({ length: limit }, (_, i) => [`k${i}`, this.#smaller(values)])),
      );
    return Object.fromEntries(
      Object.entries(properties ?? {}).flatMap(([name, property]) =>
        this.chance(0.9) ? [[name, this.valueOf(property as AnySchema)]] : [],
      ),
    );
  }

  /** Many items are small ones. */
  #isMany = false;
  #many(make: (limit: number) => Json): Json {
    if (this.#isMany) return make(this.#below(4));
    this.#isMany = true;
    const made = make(this.#size(MOST_ITEMS / 4) + 1);
    this.#isMany = false;
    return made;
  }

  #smaller(schema: AnySchema): Json {
    const value = this.valueOf(schema);
    return typeof value === "string" ? value.slice(0, this.#size(50) + 1) : value;
  }
}

const KEYWORDS: Readonly<Record<string, string>> = {
  map: "maxProperties",
  array: "maxItems",
  string: "maxLength",
  integer: "maximum",
  number: "maximum",
};

function* samples<T>(arbitrary: fc.Arbitrary<T>, seed: number): Generator<T> {
  for (let i = 0; ; i++) yield* fc.sample(arbitrary, { seed: seed + i, numRuns: 10 });
}
