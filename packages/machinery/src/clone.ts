/**
 * Copies of plain JSON: several times as fast as structuredClone, which asks of each object what it is.
 * Holds: the copy shares nothing that could be changed; empty lists that are frozen say something by what they are, and stay the same.
 */
import { setOwn } from "./json-value.ts";

export function clone<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  return (Array.isArray(value) ? cloneList(value) : cloneObject(value as Record<string, unknown>)) as T;
}

function cloneList(list: readonly unknown[]): readonly unknown[] {
  if (list.length === 0) return Object.isFrozen(list) ? list : [];
  const copy: unknown[] = [];
  for (const item of list) copy.push(clone(item));
  return copy;
}

function cloneObject(object: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(object)) {
    const value = clone(object[key]);
    if (key === "__proto__") setOwn(copy, key, value);
    else copy[key] = value;
  }
  return copy;
}
