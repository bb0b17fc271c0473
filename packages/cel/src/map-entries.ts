/** Entries of a map in the making: keys are of few types, and each stands once. */
import { failure } from "./errors.ts";
import { type CelValue, keyOf } from "./values.ts";

/** Adds an entry, whose key must be of a type that keys may have, and new. */
export function addEntry(
  entries: Map<unknown, readonly [CelValue, CelValue]>,
  key: CelValue,
  value: CelValue,
  taken = "Failed with repeated key",
): void {
  const id = keyOf(key);
  if (typeof key === "number" || (typeof id !== "string" && typeof id !== "bigint" && typeof id !== "boolean"))
    throw failure("unsupported key type");
  if (entries.has(id)) throw failure(taken);
  entries.set(id, [key, value]);
}
