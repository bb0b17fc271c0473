/** What a service gets when its author left it out. */
import type { Service } from "../../generated/types/core-v1.ts";
import type { Draft } from "../../meta.ts";
import { isExternallyReachable, needsClusterIP } from "./needs.ts";

const STICKY_SECONDS = 10800;

export function defaultService(service: Draft<Service>): void {
  const { spec, status } = service;
  if (spec) defaultSpec(service);
  for (const ingress of status?.loadBalancer?.ingress ?? []) if (ingress.ip) ingress.ipMode ??= "VIP";
}

function defaultSpec(service: Draft<Service>): void {
  const { spec } = service;
  spec.sessionAffinity ||= "None";
  if (spec.sessionAffinity === "None") delete spec.sessionAffinityConfig;
  if (spec.sessionAffinity === "ClientIP") {
    const config = (spec.sessionAffinityConfig ??= {});
    (config.clientIP ??= {}).timeoutSeconds ??= STICKY_SECONDS;
  }
  spec.type ||= "ClusterIP";
  for (const port of spec.ports ?? []) {
    port.protocol ||= "TCP";
    port.targetPort ||= port.port;
  }
  if (isExternallyReachable(service as Service)) spec.externalTrafficPolicy ||= "Cluster";
  if (needsClusterIP(service as Service)) spec.internalTrafficPolicy ??= "Cluster";
  if (spec.type === "LoadBalancer") spec.allocateLoadBalancerNodePorts ??= true;
}
