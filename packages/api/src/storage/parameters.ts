/** What a class tells its driver: texts by name, opaque to everyone else. */
import { type FieldError, invalidValue, required, tooLong } from "@kubets/machinery";

const MAX_COUNT = 512;
const MAX_BYTES = 256 * 1024;
const FIELD = "parameters";

export function parameterErrors(
  parameters: Readonly<Record<string, string>> | undefined,
  { mayBeEmpty }: { mayBeEmpty: boolean },
): FieldError[] {
  const entries = Object.entries(parameters ?? {});
  if (!entries.length) return mayBeEmpty ? [] : [required(FIELD, "must contain at least one key/value pair")];
  if (entries.length > MAX_COUNT) return [tooLong(FIELD, MAX_COUNT)];

  const errors = entries
    .filter(([key]) => key === "")
    .map(([key]) => invalidValue(FIELD, key, "field can not be empty."));
  const bytes = entries.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0);
  return bytes > MAX_BYTES ? [...errors, tooLong(FIELD, MAX_BYTES)] : errors;
}
