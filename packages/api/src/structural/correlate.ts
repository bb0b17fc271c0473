/**
 * The old value of each part of a changed object, where the two can be told to be the same part: members by name, items of lists with keys by their
 * keys. What did not change is not held against who changed something else.
 */
import { deepEqual } from "@kubets/machinery/deep-equal";
import { getOwn, isObject } from "@kubets/machinery/json-value";
import { step } from "@kubets/machinery/stretch";
import { ruleTimes } from "../rules/rule-times.ts";
import { itemsOf, propertyOf, type Schema } from "./schema.ts";

export class Correlated {
  readonly old: unknown;
  #byKeys: Map<string, unknown> | undefined;

  constructor(old: unknown) {
    this.old = old;
  }

  isSame(value: unknown): boolean {
    const began = performance.now();
    const isSame = deepEqual(this.old, value);
    ruleTimes.compared(began);
    return isSame;
  }

  member(name: string): Correlated | undefined {
    const value = isObject(this.old) ? getOwn(this.old, name) : undefined;
    return value === undefined ? undefined : new Correlated(value);
  }

  item(list: Schema, item: unknown): Correlated | undefined {
    if (list["x-kubernetes-list-type"] !== "map" || !Array.isArray(this.old)) return undefined;
    if (!this.#byKeys) step(this.old.length * 10);
    this.#byKeys ??= new Map(this.old.map((one: unknown) => [keyOf(list, one), one]));
    const value = this.#byKeys.get(keyOf(list, item));
    return value === undefined ? undefined : new Correlated(value);
  }
}

/** The keys of an item of a list, as one text; a key that is missing counts as its default. */
export function keyOf(list: Schema, item: unknown): string {
  return JSON.stringify((list["x-kubernetes-list-map-keys"] ?? []).map((key) => keyValue(list, item, key) ?? null));
}

export function keyValue(list: Schema, item: unknown, key: string): unknown {
  const value = isObject(item) ? getOwn(item, key) : undefined;
  if (value !== undefined) return typeof value === "bigint" ? String(value) : value;
  const items = itemsOf(list);
  return items && propertyOf(items, key)?.default;
}
