/**
 * The records of one service, after the DNS specification of Kubernetes.
 * Holds: a pure function of the service and its slices; names are in lower case, relative to the cluster's domain, but for those of
 * the reverse tree, which are whole.
 */
import type { Service, ServicePort } from "@kubets/api/generated/types/core-v1";
import type { EndpointSlice } from "@kubets/api/generated/types/discovery-v1";
import { parseIp } from "@kubets/machinery";
import { type Rdata, type } from "./record.ts";
import { dashed, reverseName } from "./reverse.ts";

export interface NamedRecord {
  readonly name: string;
  readonly data: Rdata;
}

export function serviceRecords(service: Service, slices: Iterable<EndpointSlice>, domain: string): NamedRecord[] {
  const { metadata, spec } = service;
  const name = `${metadata.name}.${metadata.namespace}.svc`;
  if (spec.type === "ExternalName") {
    const target = (spec.externalName ?? "").replace(/\.$/, "").toLowerCase();
    return target ? [{ name, data: { type: type.CNAME, target } }] : [];
  }
  const isHeadless = spec.clusterIP === "None" || (spec.clusterIPs ?? []).includes("None");
  return isHeadless ? headless(name, slices, domain) : withAddress(name, service, domain);
}

function withAddress(name: string, { spec }: Service, domain: string): NamedRecord[] {
  const ips = spec.clusterIPs?.length ? spec.clusterIPs : [spec.clusterIP ?? ""];
  const addresses = ips.flatMap((ip) => addressRecord(name, ip));
  if (addresses.length === 0) return [];
  const target = `${name}.${domain}`;
  const ports = (spec.ports ?? []).flatMap((port) => portRecords(name, port, port.port, target, 100));
  return [...addresses, ...ports, ...ips.flatMap((ip) => pointer(ip, target))];
}

function headless(name: string, slices: Iterable<EndpointSlice>, domain: string): NamedRecord[] {
  const records = new Map<string, NamedRecord>();
  const servers: { target: string; ports: readonly (Partial<ServicePort> & { port: number })[] }[] = [];
  for (const { endpoints, ports } of slices)
    for (const { addresses, conditions, hostname } of endpoints) {
      if (conditions?.ready === false) continue;
      for (const ip of addresses) {
        const own = `${hostname || dashed(ip)}.${name}`.toLowerCase();
        const target = `${own}.${domain}`;
        const found = [...addressRecord(name, ip), ...addressRecord(own, ip), ...pointer(ip, target)];
        // One address may stand in several slices, with other ports.
        for (const record of found) records.set(`${record.name} ${record.data.type} ${ip}`, record);
        servers.push({ target, ports: ports.filter(hasNumber) });
      }
    }
  return [...records.values(), ...serverRecords(name, servers)];
}

const hasNumber = <P extends { readonly port?: number }>(port: P): port is P & { port: number } =>
  port.port !== undefined;

/** One for each name of a port and endpoint; endpoints of the same port share its weight. */
function serverRecords(
  name: string,
  servers: readonly { target: string; ports: readonly { name?: string; protocol?: string; port: number }[] }[],
): NamedRecord[] {
  const byPort = new Map<string, { port: { name?: string; protocol?: string; port: number }; target: string }[]>();
  for (const { target, ports } of servers)
    for (const port of ports) {
      const key = `${port.name ?? ""}/${port.protocol ?? "TCP"}`;
      const list = byPort.get(key) ?? [];
      byPort.set(key, list);
      if (!list.some((each) => each.target === target && each.port.port === port.port)) list.push({ port, target });
    }
  return [...byPort.values()].flatMap((list) =>
    list.flatMap(({ port, target }) =>
      portRecords(name, port, port.port, target, Math.max(1, Math.floor(100 / list.length))),
    ),
  );
}

/** A port is found by its name, and all ports by the service's. */
function portRecords(
  service: string,
  { name, protocol = "TCP" }: { readonly name?: string; readonly protocol?: string },
  port: number,
  target: string,
  weight: number,
): NamedRecord[] {
  const data = { type: type.SRV, port, weight, target } as const;
  const records: NamedRecord[] = [{ name: service, data }];
  if (name) records.push({ name: `_${name}._${protocol}.${service}`.toLowerCase(), data });
  return records;
}

export function addressRecord(name: string, ip: string): NamedRecord[] {
  const address = parseIp(ip);
  return address
    ? [{ name, data: { type: address.family === 4 ? type.A : type.AAAA, address: address.toBytes() } }]
    : [];
}

function pointer(ip: string, target: string): NamedRecord[] {
  const name = reverseName(ip);
  return name ? [{ name, data: { type: type.PTR, target } }] : [];
}
