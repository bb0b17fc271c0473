/**
 * The subsets of an Endpoints object: for each set of ports the addresses that are ready and those that are not.
 * Holds: addresses with the same ports stand together; everything is sorted, so that the same pods give the same object; at most
 * 1,000 addresses, as many as possible of them ready.
 */
import type { EndpointAddress, EndpointPort, EndpointSubset, Pod, Service } from "@kubets/api/generated/types/core-v1";
import { isFinished, isReady, isTerminating } from "@kubets/api/pod/state";
import { addressOf, type Family, hostnameOf, referenceTo, targetPort } from "../services/service-pods.ts";

export const CAPACITY = 1000;

interface Found {
  readonly address: EndpointAddress;
  readonly ready: boolean;
  readonly ports: readonly EndpointPort[];
}

export function planSubsets(service: Service, pods: readonly Pod[]): { subsets: EndpointSubset[]; truncated: boolean } {
  const family = (service.spec.ipFamilies?.[0] ?? "IPv4") as Family;
  const found = pods.flatMap((pod) => entriesOf(service, pod, family));
  const subsets = pack(found);
  return truncate(subsets);
}

function entriesOf(service: Service, pod: Pod, family: Family): Found[] {
  const ip = addressOf(pod, family);
  const publishAll = service.spec.publishNotReadyAddresses ?? false;
  if (!ip || isFinished(pod) || (!publishAll && isTerminating(pod))) return [];
  const hostname = hostnameOf(pod, service);
  const address = {
    ip,
    ...(hostname && { hostname }),
    ...(pod.spec.nodeName && { nodeName: pod.spec.nodeName }),
    targetRef: referenceTo(pod),
  };
  const ready = publishAll || isReady(pod);
  const { ports = [] } = service.spec;
  if (ports.length === 0) return service.spec.clusterIP === "None" ? [{ address, ready, ports: [] }] : [];
  return ports.flatMap((port) => {
    const number = targetPort(pod, port);
    if (number === undefined) return [];
    const { name, protocol = "TCP", appProtocol } = port;
    return [
      {
        address,
        ready,
        ports: [{ ...(name && { name }), port: number, protocol, ...(appProtocol && { appProtocol }) }],
      },
    ];
  });
}

/** Ports of the same address first become one list; then addresses with the same list one subset. */
function pack(found: readonly Found[]): EndpointSubset[] {
  const byAddress = new Map<string, { address: EndpointAddress; ready: boolean; ports: Map<string, EndpointPort> }>();
  for (const { address, ready, ports } of found) {
    const key = JSON.stringify([address.ip, address.targetRef?.uid, ready]);
    const entry = byAddress.get(key) ?? { address, ready, ports: new Map() };
    byAddress.set(key, entry);
    for (const port of ports) entry.ports.set(portKey(port), port);
  }
  const byPorts = new Map<string, { ready: EndpointAddress[]; notReady: EndpointAddress[]; ports: EndpointPort[] }>();
  for (const { address, ready, ports } of byAddress.values()) {
    const sorted = [...ports.entries()].toSorted(([a], [b]) => compare(a, b));
    const key = sorted.map(([each]) => each).join("|");
    const subset = byPorts.get(key) ?? { ready: [], notReady: [], ports: sorted.map(([, port]) => port) };
    byPorts.set(key, subset);
    (ready ? subset.ready : subset.notReady).push(address);
  }
  return [...byPorts.entries()]
    .toSorted(([a], [b]) => compare(a, b))
    .map(([, { ready, notReady, ports }]) => ({
      ...(ready.length && { addresses: ready.toSorted(byIp) }),
      ...(notReady.length && { notReadyAddresses: notReady.toSorted(byIp) }),
      ...(ports.length && { ports }),
    }));
}

const portKey = ({ name = "", protocol = "", port, appProtocol = "" }: EndpointPort): string =>
  JSON.stringify([name, protocol, port, appProtocol]);
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const byIp = (a: EndpointAddress, b: EndpointAddress): number =>
  compare(a.ip, b.ip) || compare(a.targetRef?.uid ?? "", b.targetRef?.uid ?? "");

const count = (addresses: readonly unknown[] | undefined): number => addresses?.length ?? 0;

function truncate(subsets: EndpointSubset[]): { subsets: EndpointSubset[]; truncated: boolean } {
  const ready = subsets.reduce((sum, { addresses }) => sum + count(addresses), 0);
  const total = ready + subsets.reduce((sum, { notReadyAddresses }) => sum + count(notReadyAddresses), 0);
  if (total <= CAPACITY) return { subsets, truncated: false };
  let readyLeft = Math.min(ready, CAPACITY);
  let notReadyLeft = CAPACITY - readyLeft;
  const kept = subsets.map(({ addresses = [], notReadyAddresses = [], ports }) => {
    const [a, n] = [addresses.slice(0, readyLeft), notReadyAddresses.slice(0, notReadyLeft)];
    readyLeft -= a.length;
    notReadyLeft -= n.length;
    return { ...(a.length && { addresses: a }), ...(n.length && { notReadyAddresses: n }), ...(ports && { ports }) };
  });
  return {
    subsets: kept.filter(({ addresses, notReadyAddresses }) => count(addresses) + count(notReadyAddresses) > 0),
    truncated: true,
  };
}
