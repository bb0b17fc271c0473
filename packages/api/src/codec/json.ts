/** Objects in canonical form as JSON text. Their keys stand in the right order already; integers that no double holds keep all digits. */

/** The text of an object. */
export function encodeJson(object: unknown): string {
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
