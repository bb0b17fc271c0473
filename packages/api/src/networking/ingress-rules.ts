/** The checks of an ingress' spec: hosts, paths, and the backends behind them. */
import {
  type FieldError,
  invalidValue,
  type NameCheck,
  notSupported,
  parseIpSloppy,
  portName,
  portNumber,
  required,
  wildcardDns1123Subdomain,
} from "@kubets/machinery";
import { checkForm, checkSubdomain } from "../field-checks.ts";
import type {
  HTTPIngressPath,
  IngressBackend,
  IngressRule,
  IngressServiceBackend,
  IngressSpec,
  IngressTLS,
} from "../generated/types/networking-v1.ts";
import { referenceErrors } from "./object-reference.ts";

const PATH_TYPES = ["Exact", "ImplementationSpecific", "Prefix"];
const BAD_SEQUENCES = ["//", "/./", "/../", "%2f", "%2F"];
const BAD_ENDINGS = ["/..", "/."];
export const NOT_AN_IP = "must be a DNS name, not an IP address";

/** `names`: what services may be called. */
export function ingressSpecErrors(spec: IngressSpec, field: string, names: NameCheck): FieldError[] {
  const { rules = [], defaultBackend, tls = [], ingressClassName } = spec;
  const errors: FieldError[] = [];
  if (!rules.length && !defaultBackend)
    errors.push(invalidValue(field, spec.rules ?? null, "either `defaultBackend` or `rules` must be specified"));
  if (defaultBackend) errors.push(...backendErrors(defaultBackend, `${field}.defaultBackend`, names));
  errors.push(...rules.flatMap((rule, i) => ruleErrors(rule, `${field}.rules[${i}]`, names)));
  errors.push(...tls.flatMap((entry, i) => tlsErrors(entry, `${field}.tls[${i}]`)));
  if (ingressClassName != null) errors.push(...checkSubdomain(`${field}.ingressClassName`, ingressClassName));
  return errors;
}

const hostErrors = (field: string, host: string): FieldError[] =>
  host.includes("*") ? checkForm(field, host, wildcardDns1123Subdomain) : checkSubdomain(field, host);

function tlsErrors({ hosts = [], secretName }: IngressTLS, field: string): FieldError[] {
  return [
    ...hosts.flatMap((host, i) => hostErrors(`${field}.hosts[${i}]`, host)),
    ...(secretName ? checkSubdomain(`${field}.secretName`, secretName) : []),
  ];
}

function ruleErrors({ host = "", http }: IngressRule, field: string, names: NameCheck): FieldError[] {
  const errors: FieldError[] = [];
  if (host !== "") {
    if (parseIpSloppy(host)) errors.push(invalidValue(`${field}.host`, host, NOT_AN_IP));
    errors.push(...hostErrors(`${field}.host`, host));
  }
  if (!http) return errors;
  if (!http.paths?.length) errors.push(required(`${field}.http.paths`));
  errors.push(...(http.paths ?? []).flatMap((path, i) => pathErrors(path, `${field}.http.paths[${i}]`, names)));
  return errors;
}

function pathErrors({ path = "", pathType, backend }: HTTPIngressPath, field: string, names: NameCheck): FieldError[] {
  if (pathType == null) return [required(`${field}.pathType`, "pathType must be specified")];
  const errors: FieldError[] = [];
  const wrong = (detail: string) => errors.push(invalidValue(`${field}.path`, path, detail));
  switch (pathType) {
    case "Exact":
    case "Prefix":
      if (!path.startsWith("/")) wrong("must be an absolute path");
      for (const part of BAD_SEQUENCES) if (path.includes(part)) wrong(`must not contain '${part}'`);
      for (const end of BAD_ENDINGS) if (path.endsWith(end)) wrong(`cannot end with '${end}'`);
      break;
    case "ImplementationSpecific":
      if (path !== "" && !path.startsWith("/")) wrong("must be an absolute path");
      break;
    default:
      errors.push(notSupported(`${field}.pathType`, pathType, PATH_TYPES));
  }
  return [...errors, ...backendErrors(backend ?? {}, `${field}.backend`, names)];
}

function backendErrors({ service, resource }: IngressBackend, field: string, names: NameCheck): FieldError[] {
  if (service && resource) return [invalidValue(field, "", "cannot set both resource and service backends")];
  if (resource) return referenceErrors(resource, `${field}.resource`);
  if (service) return serviceErrors(service, field, names);
  return [invalidValue(field, "", "resource or service backend is required")];
}

function serviceErrors({ name, port }: IngressServiceBackend, field: string, names: NameCheck): FieldError[] {
  const errors = name ? checkForm(`${field}.service.name`, name, names) : [required(`${field}.service.name`)];
  const { name: named, number } = port ?? {};
  if (named && number) errors.push(invalidValue(field, "", "cannot set both port name & port number"));
  else if (named) errors.push(...checkForm(`${field}.service.port.name`, named, portName));
  else if (number)
    errors.push(...portNumber(number).map((text) => invalidValue(`${field}.service.port.number`, number, text)));
  else errors.push(required(field, "port name or number is required"));
  return errors;
}
