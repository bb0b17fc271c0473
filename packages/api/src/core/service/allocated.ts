/**
 * The fields of a service that the server fills from its ranges: kept when a client leaves them out, in step where they stand twice, and
 * dropped when the service becomes one that has none.
 */
import { clone } from "@kubets/machinery/clone";
import { deepEqual } from "@kubets/machinery/deep-equal";
import type { Service, ServicePort, ServiceSpec } from "../../generated/types/core-v1.ts";
import type { Draft } from "../../meta.ts";
import { isExternallyReachable, needsClusterIP, needsHealthCheckPort, needsNodePorts } from "./needs.ts";

/** Takes over what was allocated before, where the client did not say. */
export function keepAllocated(service: Draft<Service>, old: Service): void {
  const { spec } = service;
  const before = clone(old.spec) as Draft<ServiceSpec>;
  const now = service as Service;
  if (needsClusterIP(old) && needsClusterIP(now)) {
    if (!spec.clusterIP && before.clusterIP) spec.clusterIP = before.clusterIP;
    if (!spec.clusterIPs?.length && spec.clusterIP === before.clusterIP && before.clusterIPs)
      spec.clusterIPs = before.clusterIPs;
  }
  if (needsNodePorts(old) && needsNodePorts(now)) keepNodePorts(spec.ports ?? [], before.ports ?? []);
  if (needsHealthCheckPort(old) && needsHealthCheckPort(now) && before.healthCheckNodePort)
    spec.healthCheckNodePort ||= before.healthCheckNodePort;
}

function keepNodePorts(ports: Draft<ServicePort>[], before: readonly ServicePort[]): void {
  const used = new Set(ports.map(({ nodePort }) => nodePort).filter(Boolean));
  for (const port of ports) {
    if (port.nodePort) continue;
    const same = before.find((it) => it.protocol === port.protocol && it.port === port.port);
    if (!same?.nodePort || used.has(same.nodePort)) continue;
    port.nodePort = same.nodePort;
    used.add(same.nodePort);
  }
}

/** `clusterIP` is the first of `clusterIPs`; who knows only one of them means both. */
export function alignClusterIPs({ spec }: Draft<Service>, old: Service | undefined): void {
  if (!old) {
    if (spec.clusterIP && !spec.clusterIPs?.length) spec.clusterIPs = [spec.clusterIP];
    return;
  }
  const before = old.spec;
  if (before.clusterIPs?.length && !spec.clusterIPs?.length && before.clusterIP === spec.clusterIP)
    spec.clusterIPs = [...before.clusterIPs];
  if ((before.clusterIP ?? "") === (spec.clusterIP ?? "")) return;
  if (!deepEqual(before.clusterIPs ?? [], spec.clusterIPs ?? [])) return;
  if (spec.clusterIP) spec.clusterIPs = [spec.clusterIP];
  else delete spec.clusterIPs;
}

/** Wipes what the new type has no use for and the client did not touch. */
export function dropUnused(service: Draft<Service>, old: Service): void {
  const { spec } = service;
  const now = service as Service;
  const gone = (needs: (service: Service) => boolean) => needs(old) && !needs(now);
  if (gone(needsClusterIP))
    for (const name of ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy"] as const)
      dropIfSame(spec, old.spec, name);
  if (gone(needsNodePorts) && sameNodePorts(spec, old.spec)) for (const port of spec.ports ?? []) delete port.nodePort;
  if (gone(needsHealthCheckPort)) dropIfSame(spec, old.spec, "healthCheckNodePort");
  if (gone(isLoadBalancer)) {
    dropIfSame(spec, old.spec, "allocateLoadBalancerNodePorts");
    dropIfSame(spec, old.spec, "loadBalancerClass");
  }
  if (gone(isExternallyReachable)) dropIfSame(spec, old.spec, "externalTrafficPolicy");
}

const isLoadBalancer = ({ spec }: Service): boolean => spec.type === "LoadBalancer";

function dropIfSame(spec: Draft<ServiceSpec>, old: ServiceSpec, name: keyof ServiceSpec): void {
  if (deepEqual(spec[name], old[name])) delete spec[name];
}

/** All node ports that were there are there still, and no other. */
function sameNodePorts({ ports = [] }: Draft<ServiceSpec>, { ports: before = [] }: ServiceSpec): boolean {
  const known = new Set(before.map(({ nodePort }) => nodePort).filter(Boolean));
  return ports.every(({ nodePort }) => !nodePort || known.has(nodePort));
}
