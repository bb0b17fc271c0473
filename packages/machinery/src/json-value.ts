/**
 * Plain JSON in memory, and safe ways to its members.
 * Holds: `__proto__`, `constructor` and the like are keys as any other; integers that a double cannot hold are bigint.
 */
export type JsonValue = null | boolean | number | bigint | string | JsonValue[] | JsonObject;

export interface JsonObject {
  [key: string]: JsonValue;
}

export type ReadonlyJson =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly ReadonlyJson[]
  | { readonly [key: string]: ReadonlyJson };

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Sets a member as assignment does, but for `__proto__` too. */
export function setOwn<T>(object: Record<string, T>, key: string, value: T): void {
  if (key !== "__proto__") object[key] = value;
  else Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}

/** The own member of this name. */
export const getOwn = <T>(object: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(object, key) ? object[key] : undefined;
