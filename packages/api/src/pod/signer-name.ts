/** Names of signers: "example.com/my-signer". */
import { type FieldError, invalidValue, required } from "@kubets/machinery";
import { dns1123Subdomain } from "@kubets/machinery/names";
import { atMostBytes } from "./field-checks.ts";

const MAX_LENGTH = 571;

export function signerNameErrors(field: string, signer: string): FieldError[] {
  if (!signer) return [required(field)];
  const [domain = "", path, ...more] = signer.split("/");
  if (path === undefined || more.length)
    return [
      invalidValue(field, signer, "must be a fully qualified domain and path of the form 'example.com/signer-name'"),
    ];
  const errors = dns1123Subdomain(domain).map((text) => invalidValue(field, domain, text));
  if (domain.split(".").length < 2)
    errors.push(invalidValue(field, domain, "should be a domain with at least two segments separated by dots"));
  for (const text of dns1123Subdomain(path))
    errors.push(invalidValue(field, signer, `validating label ${JSON.stringify(path)}: ${text}`));
  return [...errors, ...atMostBytes(field, signer, MAX_LENGTH)];
}
