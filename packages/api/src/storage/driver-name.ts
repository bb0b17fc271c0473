/** The names of CSI drivers. */
import { dns1123Subdomain, type FieldError, invalidValue, required, tooLong } from "@kubets/machinery";

const MAX_LENGTH = 63;

export function driverNameErrors(field: string, name: string | undefined): FieldError[] {
  if (!name) return [required(field)];
  return [
    ...(Buffer.byteLength(name) > MAX_LENGTH ? [tooLong(field, MAX_LENGTH)] : []),
    ...dns1123Subdomain(name.toLowerCase()).map((text) => invalidValue(field, name, text)),
  ];
}
