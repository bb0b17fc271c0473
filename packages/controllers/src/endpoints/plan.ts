/**
 * The subsets of an Endpoints object: for each set of ports the addresses that are ready and those that are not.
 * Holds: addresses with the same ports stand together; everything is sorted, so that the same pods give the same object; at most
 * 1,000 addresses, as many as possible of them ready.
 */
import type { EndpointAddress, EndpointPort, EndpointSubset, Pod, Service } from "@kubets/api/generated/types/core-v1";
import { isFinished, isReady, isTerminating } from "@kubets/api/pod/state";
import { sortedInPieces } from "@kubets/machinery/sort-in-pieces";
import { PIECE } from "../services/plan-slices.ts";
import { addressOf, type Family, hostnameOf, referenceTo, targetPort } from "../services/service-pods.ts";

const CAPACITY = 1000;

/** A pod's address with all ports that it has for the service. */
export interface Found {
  readonly address: EndpointAddress;
  readonly ready: boolean;
  readonly ports: readonly EndpointPort[];
  readonly key: string;
}

/** `made`: what was found of pods before, for the same service. Yields every few pods. */
export function* planSubsets(
  service: Service,
  pods: readonly Pod[],
  made: WeakMap<Pod, { readonly found: Found | undefined }> = new WeakMap(),
): Generator<void, { subsets: EndpointSubset[]; truncated: boolean }> {
  const family = (service.spec.ipFamilies?.[0] ?? "IPv4") as Family;
  const found: Found[] = [];
  for (const [i, pod] of pods.entries()) {
    if (i % PIECE === PIECE - 1) yield;
    let known = made.get(pod);
    if (!known) made.set(pod, (known = { found: foundOf(service, pod, family) }));
    if (known.found) found.push(known.found);
  }
  const subsets = yield* pack(found);
  if (found.length >= PIECE) yield;
  return truncate(subsets);
}

function foundOf(service: Service, pod: Pod, family: Family): Found | undefined {
  const ip = addressOf(pod, family);
  const publishAll = service.spec.publishNotReadyAddresses ?? false;
  if (!ip || isFinished(pod) || (!publishAll && isTerminating(pod))) return undefined;
  const hostname = hostnameOf(pod, service);
  const address = {
    ip,
    ...(hostname && { hostname }),
    ...(pod.spec.nodeName && { nodeName: pod.spec.nodeName }),
    targetRef: referenceTo(pod),
  };
  const ready = publishAll || isReady(pod);
  const { ports: servicePorts = [] } = service.spec;
  const ports = new Map<string, EndpointPort>();
  for (const servicePort of servicePorts) {
    const port = targetPort(pod, servicePort);
    if (port === undefined) continue;
    const { name, protocol = "TCP", appProtocol } = servicePort;
    const own = { ...(name && { name }), port, protocol, ...(appProtocol && { appProtocol }) };
    ports.set(portKey(own), own);
  }
  if (ports.size === 0 && (servicePorts.length > 0 || service.spec.clusterIP !== "None")) return undefined;
  const sorted = [...ports].toSorted(([a], [b]) => compare(a, b));
  return { address, ready, ports: sorted.map(([, port]) => port), key: sorted.map(([each]) => each).join("|") };
}

/** Addresses with the same list of ports are one subset. */
function* pack(found: readonly Found[]): Generator<void, EndpointSubset[]> {
  const byPorts = new Map<
    string,
    { ready: EndpointAddress[]; notReady: EndpointAddress[]; ports: readonly EndpointPort[] }
  >();
  for (const { address, ready, ports, key } of found) {
    const subset = byPorts.get(key) ?? { ready: [], notReady: [], ports };
    byPorts.set(key, subset);
    (ready ? subset.ready : subset.notReady).push(address);
  }
  const subsets: EndpointSubset[] = [];
  for (const [, { ready, notReady, ports }] of [...byPorts].toSorted(([a], [b]) => compare(a, b)))
    subsets.push({
      ...(ready.length && { addresses: yield* sortedInPieces(ready, byIp) }),
      ...(notReady.length && { notReadyAddresses: yield* sortedInPieces(notReady, byIp) }),
      ...(ports.length && { ports }),
    });
  return subsets;
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
