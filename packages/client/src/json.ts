/**
 * JSON that keeps integers exact: those that a double cannot hold come out as bigint, and bigints are written as numbers.
 * JSON.parse and JSON.stringify do the work; the slow road is taken only when such a number may be there.
 */
const encoder = new TextEncoder();

/** What Node has of JSON beyond TypeScript's own declarations. */
const exact = JSON as unknown as {
  parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown;
  rawJSON(text: string): unknown;
};

/** Sixteen digits or more where a number can stand. A hit within a string costs time, never correctness. */
const LONG_INTEGER = /[[:,\s]-?\d{16}/;

export function parseJson(text: string): unknown {
  return LONG_INTEGER.test(text) ? exact.parse(text, exactInteger) : JSON.parse(text);
}

export const decodeJson = (bytes: Uint8Array): unknown => parseJson(textOf(bytes));

export const textOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");

export const encodeJson = (value: unknown): Uint8Array => encoder.encode(jsonText(value));

function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return JSON.stringify(value, (_, v: unknown) => (typeof v === "bigint" ? exact.rawJSON(String(v)) : v));
  }
}

function exactInteger(_key: string, value: unknown, context: { source?: string }): unknown {
  const isLong = typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value);
  return isLong && /^-?\d+$/.test(context.source ?? "") ? BigInt(context.source as string) : value;
}
