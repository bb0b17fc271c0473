/** Lists that are sets, or maps by keys of their items: nothing stands in them twice. */
import { duplicate, type FieldError } from "@kubets/machinery";
import { step } from "@kubets/machinery/stretch";
import { keyOf, keyValue } from "./correlate.ts";
import { itemsOf, memberOf, type Schema } from "./schema.ts";

export function duplicateErrors(schema: Schema, value: unknown, field = ""): FieldError[] {
  step(4);
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) {
    const items = itemsOf(schema);
    const own = ofList(schema, value, field);
    return items ? [...own, ...value.flatMap((item, i) => duplicateErrors(items, item, `${field}[${i}]`))] : own;
  }
  return Object.entries(value).flatMap(([name, inner]) => {
    const member = memberOf(schema, name);
    return member ? duplicateErrors(member, inner, field ? `${field}.${name}` : name) : [];
  });
}

/** The second of the same is told, the third no more. */
function ofList(schema: Schema, list: readonly unknown[], field: string): FieldError[] {
  const kind = schema["x-kubernetes-list-type"];
  if (kind !== "set" && kind !== "map") return [];
  step(list.length * 10);
  const times = new Map<string, number>();
  return list.flatMap((item, i) => {
    const key = kind === "map" ? keyOf(schema, item) : setKey(item);
    const before = times.get(key) ?? 0;
    times.set(key, before + 1);
    return before === 1 ? [duplicate(`${field}[${i}]`, kind === "map" ? keysOf(schema, item) : item)] : [];
  });
}

const setKey = (item: unknown): string => (typeof item === "bigint" ? String(item) : JSON.stringify(item));

const keysOf = (schema: Schema, item: unknown) =>
  Object.fromEntries(
    (schema["x-kubernetes-list-map-keys"] ?? []).flatMap((key) => {
      const value = keyValue(schema, item, key);
      return value === undefined ? [] : [[key, value]];
    }),
  );
