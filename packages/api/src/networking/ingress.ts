/** Ingresses: which hosts and paths of HTTP lead to which services. */
import { type FieldError, invalidValue, ipErrors, parseIpSloppy } from "@kubets/machinery";
import { serviceNames } from "../core/service/names.ts";
import { define } from "../define.ts";
import { checkForm, checkSubdomain } from "../field-checks.ts";
import { ingresses } from "../generated/refs.ts";
import type { Ingress, IngressRule, IngressStatus } from "../generated/types/networking-v1.ts";
import { ownStatus, statusSubresource } from "../own-status.ts";
import { age, column, nameColumn } from "../table.ts";
import { ingressSpecErrors, NOT_AN_IP } from "./ingress-rules.ts";

const CLASS_ANNOTATION = "kubernetes.io/ingress.class";
/** Hosts that a table shows before it says "more". */
const SHOWN_HOSTS = 3;

export const ingressResource = define(ingresses, {
  shortNames: ["ing"],
  storagePrefix: "/registry/ingress",
  countsGeneration: true,
  ...ownStatus,
  validate: (ingress, context) => [
    ...ingressSpecErrors(ingress.spec, "spec", serviceNames(context)),
    ...classErrors(ingress),
  ],
  validateUpdate: ({ spec }, _, context) => ingressSpecErrors(spec, "spec", serviceNames(context)),
  warnings: (ingress, old) =>
    old === undefined && classAnnotation(ingress) !== undefined && ingress.spec.ingressClassName == null
      ? [`annotation ${JSON.stringify(CLASS_ANNOTATION)} is deprecated, please use 'spec.ingressClassName' instead`]
      : [],
  subresources: { status: statusSubresource(({ status }) => balancerErrors(status)) },
  table: {
    columns: [nameColumn, column("Class"), column("Hosts"), column("Address"), column("Ports"), column("Age")],
    cells: ({ metadata, spec, status }, now) => [
      metadata.name,
      spec.ingressClassName ?? "<none>",
      shownHosts(spec.rules ?? []),
      shownAddresses(status),
      spec.tls?.length ? "80, 443" : "80",
      age(metadata.creationTimestamp, now),
    ],
  },
});

const classAnnotation = ({ metadata }: Ingress): string | undefined => metadata.annotations?.[CLASS_ANNOTATION];

/** The annotation of old and the field of now may stand together only when they agree. */
function classErrors(ingress: Ingress): FieldError[] {
  const annotation = classAnnotation(ingress);
  const { ingressClassName } = ingress.spec;
  if (annotation === undefined || ingressClassName == null || annotation === ingressClassName) return [];
  const detail = "must match `ingressClassName` when both are specified";
  return [invalidValue(`annotations.${CLASS_ANNOTATION}`, annotation, detail)];
}

function balancerErrors({ loadBalancer }: IngressStatus): FieldError[] {
  return (loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }, i) => {
    const field = `status.loadBalancer.ingress[${i}]`;
    const errors = ip ? checkForm(`${field}.ip`, ip, ipErrors) : [];
    if (hostname) {
      errors.push(...checkSubdomain(`${field}.hostname`, hostname));
      if (parseIpSloppy(hostname)) errors.push(invalidValue(`${field}.hostname`, hostname, NOT_AN_IP));
    }
    return errors;
  });
}

function shownHosts(rules: readonly IngressRule[]): string {
  const hosts: string[] = [];
  let more = false;
  for (const { host } of rules) {
    if (hosts.length === SHOWN_HOSTS) more = true;
    else if (host) hosts.push(host);
  }
  if (!hosts.length) return "*";
  return hosts.join(",") + (more ? ` + ${rules.length - SHOWN_HOSTS} more...` : "");
}

function shownAddresses({ loadBalancer }: IngressStatus): string {
  const addresses = (loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip || hostname || "");
  return [...new Set(addresses.filter(Boolean))].sort().join(",");
}
