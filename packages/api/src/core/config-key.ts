/** The keys of ConfigMaps and Secrets, which become file names. */
import { type FieldError, invalidValue } from "@kubets/machinery";

const MAX_LENGTH = 253;

export function configKeyErrors(field: string, key: string): FieldError[] {
  const texts: string[] = [];
  if (key.length > MAX_LENGTH) texts.push(`must be no more than ${MAX_LENGTH} characters`);
  if (!/^[-._a-zA-Z0-9]+$/.test(key))
    texts.push(
      "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
    );
  if (key === ".") texts.push("must not be '.'");
  else if (key === "..") texts.push("must not be '..'");
  else if (key.startsWith("..")) texts.push("must not start with '..'");
  return texts.map((text) => invalidValue(field, key, text));
}
