/** Name resolution of a pod: its policy, resolver configuration, and hosts of its own. */
import { type FieldError, invalidValue, required } from "@kubets/machinery";
import { ipErrors } from "@kubets/machinery/ip";
import { joined } from "@kubets/machinery/joined";
import { dns1123Subdomain, dns1123SubdomainWithUnderscore } from "@kubets/machinery/names";
import type { HostAlias, PodDNSConfig, PodSpec } from "../generated/types/core-v1.ts";
import { nameErrors, oneOf } from "./field-checks.ts";

const POLICIES = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
const MAX_NAMESERVERS = 3;
const MAX_SEARCHES = 32;
const MAX_SEARCH_LENGTH = 2048;

export const validateDnsPolicy = (policy: string | undefined, field: string): FieldError[] =>
  oneOf(field, policy, POLICIES);

export function validateDnsConfig({ dnsConfig, dnsPolicy }: PodSpec, field: string): FieldError[] {
  if (!dnsConfig)
    return dnsPolicy === "None" ? [required(field, "must provide `dnsConfig` when `dnsPolicy` is None")] : [];
  const { nameservers = [], searches = [], options = [] } = dnsConfig;
  const errors: FieldError[] = [];
  if (dnsPolicy === "None" && nameservers.length === 0) {
    const detail = "must provide at least one DNS nameserver when `dnsPolicy` is None";
    return [required(`${field}.nameservers`, detail)];
  }
  if (nameservers.length > MAX_NAMESERVERS) {
    const detail = `must not have more than ${MAX_NAMESERVERS} nameservers`;
    errors.push(invalidValue(`${field}.nameservers`, nameservers, detail));
  }
  for (const [i, address] of nameservers.entries())
    errors.push(...nameErrors(`${field}.nameservers[${i}]`, address, ipErrors));
  errors.push(...searchErrors(searches, `${field}.searches`));
  for (const [i, { name }] of options.entries())
    if (!name) errors.push(required(`${field}.options[${i}]`, "must not be empty"));
  return errors;
}

function searchErrors(searches: NonNullable<PodDNSConfig["searches"]>, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (searches.length > MAX_SEARCHES)
    errors.push(invalidValue(field, searches, `must not have more than ${MAX_SEARCHES} search paths`));
  if (searches.join(" ").length > MAX_SEARCH_LENGTH) {
    const detail = `must not have more than ${MAX_SEARCH_LENGTH} characters (including spaces) in the search list`;
    errors.push(invalidValue(field, searches, detail));
  }
  for (const [i, search] of searches.entries())
    if (search !== ".") errors.push(...searchNameErrors(search, `${field}[${i}]`));
  return errors;
}

/** A trailing dot is fine, and so are underscores. */
const searchNameErrors = (search: string, field: string): FieldError[] =>
  nameErrors(field, search.replace(/\.$/, ""), dns1123SubdomainWithUnderscore);

export const validateHostAliases = (aliases: readonly HostAlias[] | undefined, field: string): FieldError[] =>
  (aliases ?? []).flatMap(({ ip, hostnames }, i) =>
    joined(
      nameErrors(`${field}[${i}].ip`, ip ?? "", ipErrors),
      (hostnames ?? []).flatMap((name, j) => nameErrors(`${field}[${i}].hostnames[${j}]`, name, dns1123Subdomain)),
    ),
  );
