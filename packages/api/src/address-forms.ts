/** The checks of addresses and ranges in newer kinds: right, and in the one form in which they are to be written. */
import { cidrErrors, ipErrors, type NameCheck, parseCidr, parseIp } from "@kubets/machinery";

const canonical = (text: string): string => `must be in canonical form (${JSON.stringify(text)})`;

export const canonicalIp: NameCheck = (text) => {
  const errors = ipErrors(text);
  if (errors.length) return errors;
  const form = parseIp(text)?.toString() ?? text;
  return form === text ? [] : [canonical(form)];
};

export const canonicalCidr: NameCheck = (text) => {
  const errors = cidrErrors(text);
  if (errors.length) return errors;
  const form = parseCidr(text)?.toString() ?? text;
  return form === text ? [] : [canonical(form)];
};
