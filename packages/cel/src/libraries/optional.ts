/** Values that may be absent: `optional.of(x)`, `a.?b`, `orValue`. */
import type { Library } from "../declarations.ts";
import { func, method } from "../declare.ts";
import { failure, noSuchOverload } from "../errors.ts";
import { bindMacros, optionalMacros } from "../macros.ts";
import { celTypes as t } from "../types.ts";
import { type CelValue, Duration, List, MapValue, Optional, TypeValue, Uint } from "../values.ts";

const V = t.param("V");
const optionalV = t.optional(V);

function isZero(value: CelValue): boolean {
  if (value === null || value === false || value === "" || value === 0 || value === 0n) return true;
  if (value instanceof Uint) return value.value === 0n;
  if (value instanceof Duration) return value.nanos === 0n;
  if (value instanceof List || value instanceof MapValue) return value.size === 0;
  return value instanceof Uint8Array && value.length === 0;
}

/** Planned in its own way, so that the other value is only evaluated where it is needed. */
const planned = (): CelValue => {
  throw noSuchOverload();
};

export const optionals: Library = {
  name: "optional",
  overloads: [
    func("optional.of", "optional_of", [V], optionalV, (value: CelValue) => new Optional(value)),
    func("optional.ofNonZeroValue", "optional_ofNonZeroValue", [V], optionalV, (value: CelValue) =>
      isZero(value) ? Optional.none : new Optional(value),
    ),
    func("optional.none", "optional_none", [], optionalV, () => Optional.none),
    method("hasValue", "optional_hasValue", [optionalV], t.bool, ({ value }: Optional) => value !== undefined),
    method("value", "optional_value", [optionalV], V, ({ value }: Optional) => {
      if (value === undefined) throw failure("optional.none() dereference");
      return value;
    }),
    method("or", "optional_or_optional", [optionalV, optionalV], optionalV, planned),
    method("orValue", "optional_orValue_value", [optionalV, V], V, planned),
    func("optional.unwrap", "optional_unwrap", [t.list(optionalV)], t.list(V), unwrap),
    method("unwrapOpt", "optional_unwrapOpt", [t.list(optionalV)], t.list(V), unwrap),
  ],
  macros: [...bindMacros, ...optionalMacros],
  constants: { optional_type: { type: t.typeOf(t.optional(t.dyn)), value: new TypeValue("optional_type") } },
};

function unwrap(list: List): List {
  const present = list
    .toArray()
    .flatMap((item) => (item instanceof Optional && item.value !== undefined ? [item.value] : []));
  return new List(present);
}
