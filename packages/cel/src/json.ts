/** Results as JSON: what an expression made, or what it read, as the API would hold it. */
import type { JsonValue } from "@kubets/machinery";
import { failure } from "./errors.ts";
import { formatSeconds, formatTimestamp } from "./time-values.ts";
import {
  type CelValue,
  Duration,
  List,
  MapValue,
  Opaque,
  Optional,
  Timestamp,
  TypeValue,
  typeNameOf,
  Uint,
} from "./values.ts";

export function toJson(value: CelValue): JsonValue {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "bigint") return exact(value);
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw failure(`${value} has no form in JSON`);
    return value;
  }
  if (value instanceof Uint) return exact(value.value);
  if (value instanceof List) return value.toArray().map(toJson);
  if (value instanceof MapValue) return objectOf(value);
  if (value instanceof Timestamp) return formatTimestamp(value);
  if (value instanceof Duration) return formatSeconds(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (value instanceof Optional && value.value !== undefined) return toJson(value.value);
  if (value instanceof Optional) return null;
  if (value instanceof TypeValue) return value.name;
  const shown = value instanceof Opaque ? value.toJson() : undefined;
  if (shown === undefined) throw failure(`a value of type ${typeNameOf(value)} has no form in JSON`);
  return shown as JsonValue;
}

const exact = (value: bigint): number | bigint => (Number.isSafeInteger(Number(value)) ? Number(value) : value);

function objectOf(map: MapValue): JsonValue {
  const members: Record<string, JsonValue> = {};
  for (const key of map.keys()) {
    const name = key instanceof Uint ? String(key.value) : String(key);
    const member = toJson(map.get(key) as CelValue);
    if (name === "__proto__") Object.defineProperty(members, name, { value: member, enumerable: true });
    else members[name] = member;
  }
  return members;
}
