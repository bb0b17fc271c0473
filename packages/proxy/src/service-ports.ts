/**
 * The virtual ports of one service on one node: one for each of its ports and address families.
 * Holds: headless services, those of type ExternalName, and those that another proxy serves have none.
 */
import type { Service, ServicePort } from "@kubets/api/generated/types/core-v1";
import type { EndpointSlice } from "@kubets/api/generated/types/discovery-v1";
import { endpointsOfPort, type ProxyNode, type UsableEndpoints, usableEndpoints } from "./endpoints.ts";
import type { Protocol, Targets, VirtualPort } from "./plan.ts";

const PROXY_NAME = "service.kubernetes.io/service-proxy-name";
const AFFINITY_SECONDS = 10_800;

export function virtualPorts(service: Service, slices: Iterable<EndpointSlice>, node: ProxyNode): VirtualPort[] {
  const all = [...slices];
  return clusterIpsOf(service).flatMap((clusterIp) =>
    (service.spec.ports ?? []).map((port) => virtualPort(service, port, clusterIp, all, node)),
  );
}

const familyOf = (address: string): VirtualPort["family"] => (address.includes(":") ? "IPv6" : "IPv4");

function clusterIpsOf({ spec, metadata }: Service): readonly string[] {
  if (spec.type === "ExternalName" || metadata.labels?.[PROXY_NAME] !== undefined) return [];
  const ips = spec.clusterIPs?.length ? spec.clusterIPs : [spec.clusterIP ?? ""];
  return ips.filter((ip) => ip !== "" && ip !== "None");
}

function virtualPort(
  { metadata, spec, status }: Service,
  servicePort: ServicePort,
  clusterIp: string,
  slices: readonly EndpointSlice[],
  node: ProxyNode,
): VirtualPort {
  const family = familyOf(clusterIp);
  const ofFamily = (address: string) => familyOf(address) === family;
  const protocol = (servicePort.protocol ?? "TCP") as Protocol;
  const usable = usableEndpoints(endpointsOfPort(slices, family, servicePort.name ?? "", protocol, node), node);
  const isExternalLocal = spec.externalTrafficPolicy === "Local";
  const ingress = spec.type === "LoadBalancer" ? (status?.loadBalancer?.ingress ?? []) : [];
  const affinity = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? AFFINITY_SECONDS;
  return {
    id: `${metadata.namespace}/${metadata.name}:${servicePort.name ?? servicePort.port}/${protocol}/${family}`,
    family,
    protocol,
    port: servicePort.port,
    clusterIp,
    externalIps: (spec.externalIPs ?? []).filter(ofFamily),
    // A load balancer of mode "Proxy" wants its traffic even from here.
    loadBalancerIps: ingress
      .filter(({ ip, ipMode }) => ip && ofFamily(ip) && ipMode !== "Proxy")
      .map(({ ip }) => ip as string),
    sourceRanges: (spec.loadBalancerSourceRanges ?? []).map((range) => range.trim()).filter(ofFamily),
    ...(servicePort.nodePort && { nodePort: servicePort.nodePort }),
    internal: targetsOf(usable, spec.internalTrafficPolicy === "Local"),
    external: targetsOf(usable, isExternalLocal),
    ...(isExternalLocal && { externalFromInside: targetsOf(usable, false) }),
    ...(spec.sessionAffinity === "ClientIP" && { affinitySeconds: affinity }),
    masqueradeExternal: !isExternalLocal,
  };
}

const targetsOf = ({ cluster, local, anywhere }: UsableEndpoints, onlyLocal: boolean): Targets => ({
  endpoints: onlyLocal ? local : cluster,
  whenEmpty: anywhere ? "drop" : "reject",
});
