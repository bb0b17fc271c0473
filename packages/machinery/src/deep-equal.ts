/**
 * Equality of plain JSON: by value, whatever the order of members. 1 and 1n are equal; so are a member that is
 * undefined and one that is not there.
 */
export function deepEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return equalNumbers(a, b);
  if (Array.isArray(a)) return Array.isArray(b) && equalLists(a, b);
  return !Array.isArray(b) && equalObjects(a as Record<string, unknown>, b as Record<string, unknown>);
}

/** As `deepEqual`, but nothing, an empty list and an empty object are the same. */
export function semanticEqual(a: unknown, b: unknown): boolean {
  if (isEmpty(a) && isEmpty(b)) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, i) => semanticEqual(item, b[i]));
  }
  if (!isPlain(a) || !isPlain(b)) return deepEqual(a, b);
  for (const key in a) {
    if (Object.hasOwn(a, key) && !semanticEqual(a[key], own(b, key))) return false;
  }
  for (const key in b) {
    if (Object.hasOwn(b, key) && !Object.hasOwn(a, key) && !isEmpty(b[key])) return false;
  }
  return true;
}

function equalNumbers(a: unknown, b: unknown): boolean {
  if (typeof a === "bigint" ? typeof b === "number" : typeof a === "number" && typeof b === "bigint") {
    // biome-ignore lint/suspicious/noDoubleEquals: the one comparison of a number with a bigint by value
    return a == b; // eslint-disable-line eqeqeq
  }
  return typeof a === "number" && typeof b === "number" && Number.isNaN(a) && Number.isNaN(b);
}

function equalLists(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    if (!deepEqual(a[i], b[i])) return false;
  }
  return true;
}

/** Values are read without asking first whose they are, which is slow; what is inherited shows by being no JSON, or by its name. */
function equalObjects(a: Record<string, unknown>, b: Record<string, unknown>): boolean {
  for (const key in a) {
    const isPlainName = key !== "__proto__";
    const x = isPlainName ? a[key] : own(a, key);
    const y = isPlainName ? b[key] : own(b, key);
    if (x !== y && !deepEqual(x, y)) return false;
  }
  for (const key in b) {
    if (b[key] === undefined) continue;
    const x = key === "__proto__" ? own(a, key) : a[key];
    if (x === undefined || typeof x === "function") return false;
  }
  return true;
}

const own = (object: Record<string, unknown>, key: string): unknown =>
  Object.hasOwn(object, key) ? object[key] : undefined;

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isPlain(value) && Object.keys(value).length === 0;
}
