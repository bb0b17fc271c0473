/** The checks of the endpoints of a slice. What stood in the slice before is not looked at again: older releases let more pass. */
import {
  dns1123Label,
  dns1123Subdomain,
  duplicate,
  type FieldError,
  invalidValue,
  ipErrors,
  type NameCheck,
  parseIpSloppy,
  qualifiedName,
  required,
  tooMany,
  validateLabels,
} from "@kubets/machinery";
import { endpointIpErrors } from "../endpoint-address.ts";
import { checkForm } from "../field-checks.ts";
import type { Endpoint, EndpointHints } from "../generated/types/discovery-v1.ts";

const MAX_ENDPOINTS = 1000;
const MAX_ADDRESSES = 100;
const MAX_TOPOLOGY = 16;
const MAX_HINTS = 8;

export function endpointsErrors(
  endpoints: readonly Endpoint[],
  type: string,
  known: ReadonlySet<string>,
): FieldError[] {
  if (endpoints.length > MAX_ENDPOINTS) return [tooMany("endpoints", endpoints.length, MAX_ENDPOINTS)];
  return endpoints.flatMap((endpoint, i) => endpointErrors(endpoint, type, known, `endpoints[${i}]`));
}

function endpointErrors(endpoint: Endpoint, type: string, known: ReadonlySet<string>, field: string): FieldError[] {
  const { addresses, nodeName, deprecatedTopology = {}, hostname, hints } = endpoint;
  const errors = addressesErrors(addresses ?? [], type, known, `${field}.addresses`);
  if (nodeName != null) errors.push(...checkForm(`${field}.nodeName`, nodeName, dns1123Subdomain));

  const topology = `${field}.deprecatedTopology`;
  const labels = Object.keys(deprecatedTopology).length;
  if (labels > MAX_TOPOLOGY) errors.push(tooMany(topology, labels, MAX_TOPOLOGY));
  errors.push(...validateLabels(deprecatedTopology, topology));

  if (hostname != null) errors.push(...checkForm(`${field}.hostname`, hostname, dns1123Label));
  if (hints) errors.push(...hintsErrors(hints, `${field}.hints`));
  return errors;
}

function addressesErrors(
  addresses: readonly string[],
  type: string,
  known: ReadonlySet<string>,
  field: string,
): FieldError[] {
  const errors: FieldError[] = [];
  if (!addresses.length) errors.push(required(field, "must contain at least 1 address"));
  else if (addresses.length > MAX_ADDRESSES) errors.push(tooMany(field, addresses.length, MAX_ADDRESSES));
  for (const [i, address] of addresses.entries())
    if (!known.has(address)) errors.push(...addressErrors(address, type, field, i));
  return errors;
}

function addressErrors(address: string, type: string, field: string, i: number): FieldError[] {
  const at = `${field}[${i}]`;
  switch (type) {
    case "IPv4":
    case "IPv6": {
      const errors = checkForm(at, address, ipErrors);
      if (errors.length) return errors;
      if (`IPv${parseIpSloppy(address)?.family}` !== type)
        errors.push(invalidValue(field, address, `must be an ${type} address`));
      return [...errors, ...endpointIpErrors(at, address)];
    }
    case "FQDN":
      return checkForm(at, address, fullName);
    default:
      return [];
  }
}

/** A domain name of at least two labels; a dot may end it. */
const fullName: NameCheck = (value) => {
  if (value === "") return [];
  const name = value.endsWith(".") ? value.slice(0, -1) : value;
  const errors = dns1123Subdomain(name);
  if (errors.length) return errors;
  if (!name.includes(".")) return ["should be a domain with at least two segments separated by dots"];
  return name.split(".").flatMap(dns1123Label);
};

function hintsErrors({ forZones, forNodes }: EndpointHints, field: string): FieldError[] {
  return [
    ...hintErrors(forZones ?? [], `${field}.forZones`, qualifiedName),
    ...hintErrors(forNodes ?? [], `${field}.forNodes`, dns1123Subdomain),
  ];
}

function hintErrors(hints: readonly { readonly name: string }[], field: string, form: NameCheck): FieldError[] {
  if (hints.length > MAX_HINTS) return [tooMany(field, hints.length, MAX_HINTS)];
  const names = new Set<string>();
  return hints.flatMap(({ name }, i) => {
    const at = `${field}[${i}].name`;
    const twice = names.has(name) ? [duplicate(at, name)] : [];
    names.add(name);
    return [...twice, ...checkForm(at, name, form)];
  });
}
