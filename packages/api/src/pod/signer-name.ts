/** Names of signers: "example.com/my-signer". */
import { type FieldError, invalidValue, required } from "@kubets/machinery";
import { dns1123Subdomain } from "@kubets/machinery/names";

const MAX_LENGTH = 571;

export function signerNameErrors(field: string, signer: string): FieldError[] {
  if (!signer) return [required(field)];
  const [domain = "", path, ...more] = signer.split("/");
  if (path === undefined || more.length)
    return [
      invalidValue(field, signer, "must be a fully qualified domain and path of the form 'example.com/signer-name'"),
    ];
  const errors: FieldError[] = [];
  for (const label of domain.split(".")) if (label === "") errors.push(...problems(field, domain));
  if (errors.length === 0 && dns1123Subdomain(domain).length) errors.push(...problems(field, domain));
  if (domain.split(".").length < 2)
    errors.push(invalidValue(field, domain, "should be a domain with at least two segments separated by dots"));
  for (const text of dns1123Subdomain(path))
    errors.push(invalidValue(field, path, `validating label ${JSON.stringify(path)}: ${text}`));
  if (signer.length > MAX_LENGTH)
    errors.push({ type: "FieldValueTooLong", field, detail: `may not be more than ${MAX_LENGTH} bytes` });
  return errors;
}

const problems = (field: string, domain: string): FieldError[] =>
  dns1123Subdomain(domain).map((text) => invalidValue(field, domain, text));
