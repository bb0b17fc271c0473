/**
 * Where a service of the cluster is for the server itself: at its cluster IP, or, where the server cannot reach those, at one of its ready
 * endpoints. Aggregated servers and webhooks are reached by it.
 */
import { endpointslices, services } from "@kubets/api/generated/refs";
import type { Service } from "@kubets/api/generated/types/core-v1";
import { notFound, type Random, serviceUnavailable } from "@kubets/machinery";
import type { ClusterView } from "../admission/plugin.ts";

export type ServiceRouting = "clusterIP" | "endpoints";

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface ServiceAddresses {
  /** Throws a StatusError that says why there is none. */
  resolve(namespace: string, name: string, port: number): Address;
}

export function serviceAddresses(view: ClusterView, random: Random, routing: ServiceRouting): ServiceAddresses {
  return {
    resolve(namespace, name, port) {
      const service = view.get(services, namespace, name);
      if (!service) throw notFound({ group: "", resource: "service" }, name);
      return routing === "endpoints" ? endpointOf(view, random, service, port) : clusterAddress(service, port);
    },
  };
}

function clusterAddress({ spec, metadata }: Service, port: number): Address {
  if (spec.type === "ExternalName") return { host: spec.externalName ?? "", port };
  if (!spec.clusterIP || spec.clusterIP === "None")
    throw new Error(`cannot route to service with ClusterIP ${JSON.stringify(spec.clusterIP ?? "")}`);
  if (!spec.ports?.some((p) => p.port === port)) throw noPort(metadata.name, port);
  return { host: spec.clusterIP, port };
}

function endpointOf(view: ClusterView, random: Random, { spec, metadata }: Service, port: number): Address {
  if (spec.type === "ExternalName") return { host: spec.externalName ?? "", port };
  const wanted = spec.ports?.find((p) => p.port === port);
  if (!wanted) throw noPort(metadata.name, port);
  const found: Address[] = [];
  for (const slice of view.list(endpointslices, metadata.namespace)) {
    if (slice.metadata.labels?.["kubernetes.io/service-name"] !== metadata.name) continue;
    const target = slice.ports?.find((p) => (p.name ?? "") === (wanted.name ?? ""))?.port;
    if (!target) continue;
    for (const { addresses, conditions } of slice.endpoints)
      if (conditions?.ready !== false && addresses[0]) found.push({ host: addresses[0], port: target });
  }
  const chosen = found[Math.floor(random.float() * found.length)];
  if (!chosen) throw serviceUnavailable(`no endpoints available for service ${JSON.stringify(metadata.name)}`);
  return chosen;
}

const noPort = (name: string, port: number) =>
  serviceUnavailable(`no service port ${port} found for service ${JSON.stringify(name)}`);
