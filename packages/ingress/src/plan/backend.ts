/** What an ingress calls a backend (a port of a service), and the addresses that serve it now. */
import type { Service } from "@kubets/api/generated/types/core-v1";
import type { EndpointSlice } from "@kubets/api/generated/types/discovery-v1";
import type { IngressBackend } from "@kubets/api/generated/types/networking-v1";

export interface BackendRef {
  /** "namespace/name" */
  readonly service: string;
  /** A number or a name. */
  readonly port: string;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

export function backendRef(namespace: string, backend: IngressBackend | undefined): BackendRef | undefined {
  const service = backend?.service;
  if (!service) return undefined;
  const { name, number } = service.port ?? {};
  return { service: `${namespace}/${service.name}`, port: name || String(number ?? "") };
}

/** The addresses behind a port of a service: those that are ready, or else those that still serve while they end. */
export function addressesOf(
  port: string,
  service: Service | undefined,
  slices: Iterable<EndpointSlice>,
): readonly Address[] {
  if (!service) return [];
  const { spec } = service;
  const wanted = spec.ports?.find((each) => each.name === port || String(each.port) === port);
  if (spec.type === "ExternalName") {
    const number = wanted?.port ?? Number(port);
    return spec.externalName && number ? [{ host: spec.externalName, port: number }] : [];
  }
  if (!wanted) return [];
  const ready = new Map<string, Address>();
  const ending = new Map<string, Address>();
  for (const slice of slices) {
    if (slice.addressType === "FQDN") continue;
    const number = slice.ports.find(
      ({ name, protocol = "TCP" }) => (name ?? "") === (wanted.name ?? "") && protocol === "TCP",
    )?.port;
    if (!number) continue;
    for (const { addresses, conditions } of slice.endpoints) {
      const { ready: isReady = true, serving = true, terminating = false } = conditions ?? {};
      const host = addresses[0];
      if (!host) continue;
      if (isReady) ready.set(host, { host, port: number });
      else if (serving && terminating) ending.set(host, { host, port: number });
    }
  }
  return [...(ready.size > 0 ? ready : ending).values()].sort((a, b) => (a.host < b.host ? -1 : 1));
}

/** The service's own address, for who wants it to choose. */
export function serviceAddress(port: string, service: Service | undefined): readonly Address[] {
  const wanted = service?.spec.ports?.find((each) => each.name === port || String(each.port) === port);
  const host = service?.spec.clusterIP;
  return wanted && host && host !== "None" ? [{ host, port: wanted.port }] : [];
}
