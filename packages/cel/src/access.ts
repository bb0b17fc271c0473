/** Access to fields, items and values at run time, of what is there and of optionals. */
import type { Expr } from "./ast.ts";
import { failure, noSuchKey, noSuchOverload } from "./errors.ts";
import { formatValue } from "./format-value.ts";
import { find, indexOf, valueOf } from "./standard/comparison.ts";
import { type CelValue, List, MapValue, Optional } from "./values.ts";

/** A step of access costs 1, and the value that it begins from, unless it is a name, as much. */
export function accessCost(operand: Expr): number {
  const isAccess =
    operand.kind === "ident" ||
    (operand.kind === "select" && !operand.test) ||
    (operand.kind === "call" && ["_[_]", "_[?_]", "_?._"].includes(operand.name));
  return isAccess ? 1 : 2;
}

export function selectElsewhere(container: CelValue, field: string): CelValue {
  if (!(container instanceof Optional)) throw container instanceof List ? noSuchOverload() : noSuchKey(field);
  return optionalField(container, field);
}

function optionalField(container: Optional, field: string): Optional {
  if (container.value === undefined) return Optional.none;
  const inner = container.value;
  if (!(inner instanceof MapValue)) throw noSuchKey(field);
  const value = inner.field(field);
  return value === undefined ? Optional.none : new Optional(value);
}

export function atIndex(container: CelValue, key: CelValue): CelValue {
  if (container instanceof List) return indexOf(container, key);
  if (container instanceof MapValue) return valueOf(container, key);
  if (container instanceof Optional) return atOptionalIndex(container, key);
  throw noSuchOverload();
}

export function atOptionalIndex(container: CelValue, key: CelValue): CelValue {
  const inside = container instanceof Optional ? container.value : container;
  const found = inside === undefined ? undefined : find(inside, key);
  return found === undefined ? Optional.none : new Optional(found);
}

/** What `?item` adds, if anything. */
export function optionalItem(value: CelValue): CelValue | undefined {
  if (value instanceof Optional) return value.value;
  throw failure(`cannot initialize optional entry from non-optional value ${formatValue(value)}`);
}
