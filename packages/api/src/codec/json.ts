/** Objects in canonical form as JSON text. Their keys stand in the right order already; integers that no double holds keep all digits. */
import type { Struct } from "../schema.ts";

/** The text of an object of this struct. */
export function encodeJson(_struct: Struct | undefined, object: unknown): string {
  try {
    return JSON.stringify(object);
  } catch (error) {
    if (!(error instanceof TypeError) || !hasBigint(object)) throw error;
    return JSON.stringify(object, exact);
  }
}

const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };
const exact = (_key: string, value: unknown): unknown => (typeof value === "bigint" ? rawJSON(String(value)) : value);

function hasBigint(value: unknown): boolean {
  if (typeof value === "bigint") return true;
  return typeof value === "object" && value !== null && Object.values(value).some(hasBigint);
}
