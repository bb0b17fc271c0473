/** The keys of maps: in the order of their bytes, and plain data whatever they are called. */
import type { PlainObject } from "../meta.ts";

/** The keys of an object, sorted as Go sorts strings. */
export function sortedKeys(object: object): string[] {
  const keys = Object.keys(object);
  for (let i = 1; i < keys.length; i++) {
    if ((keys[i - 1] as string) > (keys[i] as string)) return sortKeys(keys);
  }
  return keys.length > 1 && keys.some(hasHigh) ? sortKeys(keys) : keys;
}

/** UTF-16 sorts surrogates below the last characters of the basic plane, UTF-8 above them. */
export const hasHigh = (key: string) => /[\ud800-\uffff]/.test(key);

function sortKeys(keys: string[]): string[] {
  return keys.some(hasHigh) ? keys.sort(compareBytes) : keys.sort();
}

export const compareBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** Sets a property that may be called "__proto__". */
export function setKey(object: PlainObject, key: string, value: unknown): void {
  if (key === "__proto__")
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  else object[key] = value;
}

/** The object's own value of a key; what it inherits does not count. */
export const ownValue = (object: object, key: string): unknown =>
  Object.hasOwn(object, key) ? (object as PlainObject)[key] : undefined;
