/** Fields of a service that have no effect, or not for long. */
import { parseIp } from "@kubets/machinery/ip";
import type { Service } from "../../generated/types/core-v1.ts";
import { isHeadless } from "./needs.ts";

const HINTS = "service.kubernetes.io/topology-aware-hints";

export function serviceWarnings(service: Service): string[] {
  const { metadata, spec } = service;
  const found: string[] = [];
  if (metadata.annotations?.[HINTS] !== undefined)
    found.push(`annotation ${HINTS} is deprecated, please use service.kubernetes.io/topology-mode instead`);
  if (isHeadless(service)) {
    if (spec.loadBalancerIP) found.push("spec.loadBalancerIP is ignored for headless services");
    if (spec.externalIPs?.length) found.push("spec.externalIPs is ignored for headless services");
    if (spec.sessionAffinity && spec.sessionAffinity !== "None")
      found.push("spec.SessionAffinity is ignored for headless services");
  } else if (spec.externalIPs?.length)
    found.push("spec.externalIPs is deprecated and may no longer be implemented in some clusters");
  for (const [i, text] of (spec.externalIPs ?? []).entries())
    found.push(...formWarnings(text, `spec.externalIPs[${i}]`));
  if (spec.externalName && spec.type !== "ExternalName")
    found.push('spec.externalName is ignored when spec.type is not "ExternalName"');
  if (spec.trafficDistribution === "PreferClose")
    found.push('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"');
  return found;
}

/** An address that is not written as everyone writes it is easily taken for another one. */
function formWarnings(text: string, path: string): string[] {
  const address = parseIp(text);
  return address && address.toString() !== text
    ? [
        `${path}: IPv6 address ${JSON.stringify(text)} should be in RFC 5952 canonical format (${JSON.stringify(String(address))})`,
      ]
    : [];
}
