/** Random objects of any struct in canonical form, for property tests: odd keys, long integers and deep nests included. */
import fc from "fast-check";
import { absentList, type PlainObject } from "../meta.ts";
import type { Field, Scalar, Struct, TypeRef } from "../schema.ts";
import { zeroOf } from "./canonical.ts";
import { setKey, sortedKeys } from "./map-keys.ts";

const text = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.constantFrom("__proto__", "constructor", "\u00e9\ud83d\ude00", "0"),
);
const SCALARS: Readonly<Record<Scalar, fc.Arbitrary<unknown>>> = {
  string: text,
  int32: fc.integer(),
  int64: fc.oneof(
    fc.maxSafeInteger(),
    fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }),
    fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 53n) }),
  ),
  bool: fc.boolean(),
  double: fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0),
  bytes: fc.uint8Array({ maxLength: 9 }).map((bytes) => Buffer.from(bytes).toString("base64")),
  quantity: fc.constantFrom("100m", "0", "64Mi", "5", "1500m", "3Gi", "12e6"),
  time: fc.constantFrom("2024-01-01T00:00:00Z", "1999-12-31T23:59:59Z"),
  microtime: fc.constantFrom("2024-01-01T00:00:00.000001Z", "1999-12-31T23:59:59.900000Z"),
  duration: fc.constantFrom("1s", "1h0m0s", "1.5s", "0s"),
  intOrString: fc.oneof(fc.integer(), fc.constantFrom("25%", "http", "")),
};

/** Any object of the struct; below `depth` only what is always written. */
export function randomObject(struct: Struct, depth = 4): fc.Arbitrary<PlainObject> {
  return fc.tuple(...struct.fields.map((field) => randomField(field, depth))).map((values) => {
    const object: PlainObject = {};
    for (const [i, field] of struct.fields.entries())
      if (values[i] !== undefined) object[field.name] = values[i];
      else if (field.always) object[field.name] = zeroOf(field);
    return object;
  });
}

function randomField(field: Field, depth: number): fc.Arbitrary<unknown> {
  const kept = field.pointer || field.always;
  return fc
    .option(
      randomValue(field.type, depth).filter((value) => kept || !isEmpty(value)),
      { nil: undefined, freq: 1 },
    )
    .map((value) =>
      Array.isArray(value) && value.length === 0 ? (field.always ? absentList : undefined) : emptyMap(field, value),
    );
}

const emptyMap = (field: Field, value: unknown) =>
  field.type.kind === "map" && value !== undefined && Object.keys(value as object).length === 0 ? undefined : value;
const isEmpty = (value: unknown) => value === "" || value === 0 || value === false || value === undefined;

function randomValue(type: TypeRef, depth: number): fc.Arbitrary<unknown> {
  switch (type.kind) {
    case "scalar":
      return SCALARS[type.scalar];
    case "struct":
      return depth > 0 ? randomObject(type.struct, depth - 1) : fc.constant(undefined);
    case "list":
      return depth > 0
        ? fc
            .array(
              randomValue(type.item, depth - 1).filter((v) => v !== undefined),
              { maxLength: 3 },
            )
            .map((v) => v)
        : fc.constant([]);
    case "map":
      return depth > 0
        ? fc
            .array(
              fc.tuple(
                text,
                randomValue(type.value, depth - 1).filter((v) => v !== undefined),
              ),
              { maxLength: 3 },
            )
            .map(mapOf)
        : fc.constant(undefined);
    case "schemaOr":
      return fc.constant(undefined);
    default:
      return fc.constantFrom({ a: [1, "b", null], __b: true }, { kind: "X" });
  }
}

function mapOf(entries: [string, unknown][]): PlainObject {
  const any: PlainObject = {};
  for (const [key, value] of entries) setKey(any, key, value);
  const out: PlainObject = {};
  for (const key of sortedKeys(any)) setKey(out, key, any[key]);
  return out;
}
