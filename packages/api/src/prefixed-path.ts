/** Names of the form "example.com/foo", where what follows the domain may be a path. */
import { dns1123Subdomain, type FieldError, invalidValue, regexError, required } from "@kubets/machinery";
import { checkForm } from "./field-checks.ts";

const PATH_FORM = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+";
const PATH = new RegExp(`^${PATH_FORM}$`);

export function prefixedPathErrors(field: string, value: string): FieldError[] {
  if (value === "") return [required(field)];
  const slash = value.indexOf("/");
  const [domain, path] = [value.slice(0, slash), value.slice(slash + 1)];
  if (slash <= 0 || path === "")
    return [invalidValue(field, value, 'must be a domain-prefixed path (such as "acme.io/foo")')];
  const errors = checkForm(field, domain, dns1123Subdomain);
  if (!PATH.test(path)) errors.push(invalidValue(field, path, regexError("Invalid path", PATH_FORM)));
  return errors;
}
