/**
 * The service by which pods reach DNS: `kube-dns` in kube-system, at a fixed address, with the server of each node behind it.
 * Holds: no selector, and slices of our own: nobody else changes them. Each endpoint is hinted for its own node, so that a pod asks the
 * server beside it; when that node has none, all others serve.
 */
import { isTrue } from "@kubets/api/condition";
import { endpointslices, nodes, services } from "@kubets/api/generated/refs";
import type { Node, Service } from "@kubets/api/generated/types/core-v1";
import type { EndpointSlice } from "@kubets/api/generated/types/discovery-v1";
import type { Input } from "@kubets/api/meta";
import { type Client, type Controller, on, onRelated } from "@kubets/client";
import { StatusError, semanticEqual } from "@kubets/machinery";
import { parseIp } from "@kubets/machinery/ip";

export const DNS_NAMESPACE = "kube-system";
export const DNS_SERVICE = "kube-dns";
const MANAGED_BY = "endpointslice.kubernetes.io/managed-by";
const SERVICE_NAME = "kubernetes.io/service-name";
const LABELS = {
  "k8s-app": "kube-dns",
  "kubernetes.io/cluster-service": "true",
  "kubernetes.io/name": "CoreDNS",
};

export interface NodeAddress {
  readonly nodeName: string;
  readonly ip: string;
  readonly ready?: boolean;
}

export interface DnsServiceOptions {
  /** The tenth address of each service range. */
  readonly clusterIps: readonly string[];
  readonly nodeAddresses: readonly NodeAddress[];
  /** Where the servers listen on the nodes; 53 by default. */
  readonly port?: number;
}

export interface DnsServiceObjects {
  readonly service: Input<Service>;
  readonly slices: readonly Input<EndpointSlice>[];
}

const familyOf = (ip: string) => (ip.includes(":") ? "IPv6" : "IPv4");

export function dnsServiceObjects({ clusterIps, nodeAddresses, port = 53 }: DnsServiceOptions): DnsServiceObjects {
  const ports = [
    { name: "dns", protocol: "UDP" },
    { name: "dns-tcp", protocol: "TCP" },
  ];
  const families = clusterIps.map(familyOf);
  const service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name: DNS_SERVICE,
      namespace: DNS_NAMESPACE,
      labels: LABELS,
      annotations: { "prometheus.io/port": "9153", "prometheus.io/scrape": "true" },
    },
    spec: {
      type: "ClusterIP",
      clusterIP: clusterIps[0],
      clusterIPs: clusterIps,
      ipFamilies: families,
      ipFamilyPolicy: clusterIps.length > 1 ? "RequireDualStack" : "SingleStack",
      ports: ports.map((each) => ({ ...each, port: 53, targetPort: port })),
    },
  } as const;
  const slices = families.map((family) => sliceOf(family, nodeAddresses, ports, port));
  return { service, slices };
}

function sliceOf(
  family: string,
  addresses: readonly NodeAddress[],
  ports: readonly { name: string; protocol: string }[],
  port: number,
): Input<EndpointSlice> {
  const mine = addresses.filter(({ ip }) => familyOf(ip) === family);
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: `${DNS_SERVICE}-${family.toLowerCase()}`,
      namespace: DNS_NAMESPACE,
      labels: { ...LABELS, [SERVICE_NAME]: DNS_SERVICE, [MANAGED_BY]: "kubets-dns" },
    },
    addressType: family,
    ports: ports.map((each) => ({ ...each, port })),
    endpoints: [...mine]
      .sort((a, b) => (a.nodeName < b.nodeName ? -1 : 1))
      .map(({ nodeName, ip, ready = true }) => ({
        addresses: [ip],
        nodeName,
        conditions: { ready, serving: ready, terminating: false },
        ...(ready && { hints: { forNodes: [{ name: nodeName }] } }),
      })),
  };
}

/** Where the servers of nodes are: at each node's internal addresses. One that only its own machine reaches, as simulated nodes have, is no use to others. */
export function nodeAddresses(all: readonly Node[]): NodeAddress[] {
  return all.flatMap(({ metadata, status }) => {
    const ready = isTrue(status?.conditions, "Ready");
    const internal = (status?.addresses ?? []).filter(
      ({ type, address }) => type === "InternalIP" && !parseIp(address)?.isLoopback(),
    );
    return internal.map(({ address }) => ({ nodeName: metadata.name, ip: address, ready }));
  });
}

export interface DnsServiceControllerOptions {
  readonly clusterIps: readonly string[];
  readonly port?: number;
}

const KEY = `${DNS_NAMESPACE}/${DNS_SERVICE}`;

/** Keeps the service and its slices as the nodes are. */
export function dnsServiceController(options: DnsServiceControllerOptions): Controller {
  return {
    name: "dns-service",
    workers: 1,
    watches: [
      { ...on(services), keys: (object) => (isOurs(object.metadata) ? [KEY] : []) },
      onRelated(endpointslices, ({ metadata }) =>
        metadata.namespace === DNS_NAMESPACE && metadata.labels?.[SERVICE_NAME] === DNS_SERVICE ? [KEY] : [],
      ),
      onRelated(nodes, (node, old) => (old && semanticEqual(nodeAddresses([node]), nodeAddresses([old])) ? [] : [KEY])),
    ],
    start: ({ enqueue }) => enqueue(KEY),
    async reconcile(_, { client, cache }) {
      const wanted = dnsServiceObjects({ ...options, nodeAddresses: nodeAddresses(cache.list(nodes)) });
      if (!cache.get(services, KEY)) await createOnce(client, services, wanted.service);
      for (const slice of wanted.slices) {
        const found = cache.get(endpointslices, `${DNS_NAMESPACE}/${slice.metadata?.name}`);
        if (!found) await createOnce(client, endpointslices, slice);
        else if (!semanticEqual(found.endpoints, slice.endpoints) || !semanticEqual(found.ports, slice.ports))
          await client.update(endpointslices, { ...found, endpoints: slice.endpoints, ports: slice.ports });
      }
    },
  };
}

const isOurs = ({ namespace, name }: { readonly namespace?: string; readonly name: string }): boolean =>
  namespace === DNS_NAMESPACE && name === DNS_SERVICE;

/** Another of several control planes may have been faster. */
async function createOnce(client: Client, ref: Parameters<Client["create"]>[0], object: object): Promise<void> {
  try {
    await client.create(ref, object);
  } catch (error) {
    if (!(error instanceof StatusError) || error.reason !== "AlreadyExists") throw error;
  }
}
