/** Whether a value can be handed to a parameter of a type, as far as calls depend on it. */
import type { CelType } from "./types.ts";
import { type CelValue, Duration, List, MapValue, Opaque, Optional, Timestamp, TypeValue, Uint } from "./values.ts";

export type Guard = (value: CelValue) => boolean;

/** undefined where any value will do. */
export function guardOf(type: CelType | undefined): Guard | undefined {
  if (type === undefined) return undefined;
  if (type.kind !== "opaque") return GUARDS[type.kind];
  if (type.name === "optional_type") return (value) => value instanceof Optional;
  const { name } = type;
  return (value) => value instanceof Opaque && value.type.kind === "opaque" && value.type.name === name;
}

const GUARDS: Readonly<Partial<Record<CelType["kind"], Guard>>> = {
  null: (value) => value === null,
  bool: (value) => typeof value === "boolean",
  int: (value) => typeof value === "bigint",
  uint: (value) => value instanceof Uint,
  double: (value) => typeof value === "number",
  string: (value) => typeof value === "string",
  bytes: (value) => value instanceof Uint8Array,
  timestamp: (value) => value instanceof Timestamp,
  duration: (value) => value instanceof Duration,
  list: (value) => value instanceof List,
  map: (value) => value instanceof MapValue,
  object: (value) => value instanceof MapValue,
  type: (value) => value instanceof TypeValue,
};
