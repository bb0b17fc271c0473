/** What the slices of a service must say: an endpoint for each of its pods and families, grouped by the ports that they have. */
import type { Node, Pod, Service } from "@kubets/api/generated/types/core-v1";
import type { Endpoint, EndpointPort } from "@kubets/api/generated/types/discovery-v1";
import { isFinished, isReady, isTerminating } from "@kubets/api/pod/state";
import { PIECE, portsKey, type Wanted } from "../services/plan-slices.ts";
import { addressOf, type Family, familyOf, hostnameOf, referenceTo, targetPort } from "../services/service-pods.ts";

const ZONE = "topology.kubernetes.io/zone";

/** A headless service without a policy of its own may be of both families. */
function familiesOf(service: Service): Family[] {
  const { ipFamilies, clusterIP } = service.spec;
  if (ipFamilies?.length) return ipFamilies as Family[];
  return clusterIP && clusterIP !== "None" ? [familyOf(clusterIP)] : ["IPv4", "IPv6"];
}

/** A pod's endpoint of one family, and where it belongs. */
interface Made {
  readonly family: Family;
  readonly zone: string | undefined;
  readonly key: string;
  readonly ports: EndpointPort[];
  readonly endpoint: Endpoint;
}

export type MadeEndpoints = readonly Made[];

/** Yields every few pods. */
export function* wantedSlices(
  service: Service,
  pods: readonly Pod[],
  nodeOf: (name: string) => Node | undefined,
  made: WeakMap<Pod, MadeEndpoints> = new WeakMap(),
): Generator<void, Wanted[]> {
  const families = familiesOf(service);
  const groups = new Map<string, { family: Family; ports: EndpointPort[]; endpoints: Endpoint[] }>();
  for (const [i, pod] of pods.entries()) {
    if (i % PIECE === PIECE - 1) yield;
    const { nodeName } = pod.spec;
    const zone = nodeName ? nodeOf(nodeName)?.metadata.labels?.[ZONE] : undefined;
    let known = made.get(pod);
    if (!known || known[0]?.zone !== zone) made.set(pod, (known = endpointsOf(service, pod, families, zone)));
    for (const { family, key, ports, endpoint } of known) {
      const group = groups.get(key);
      if (group) group.endpoints.push(endpoint);
      else groups.set(key, { family, ports, endpoints: [endpoint] });
    }
  }
  const found = [...groups.values()];
  // A service that nobody serves has one slice that says so.
  return families.flatMap((family): Wanted[] => {
    const own = found.filter((group) => group.family === family);
    return own.length > 0 ? own : [{ family, ports: [], endpoints: [] }];
  });
}

function endpointsOf(service: Service, pod: Pod, families: readonly Family[], zone: string | undefined): Made[] {
  if (isFinished(pod)) return [];
  return families.flatMap((family) => {
    const address = addressOf(pod, family);
    if (!address) return [];
    const ports = portsOf(service, pod);
    return [{ family, zone, key: portsKey(family, ports), ports, endpoint: endpointOf(service, pod, address, zone) }];
  });
}

function portsOf({ spec }: Service, pod: Pod): EndpointPort[] {
  return (spec.ports ?? []).flatMap((servicePort) => {
    const port = targetPort(pod, servicePort);
    if (port === undefined) return [];
    const { name = "", protocol = "TCP", appProtocol } = servicePort;
    return [{ name, port, protocol, ...(appProtocol && { appProtocol }) }];
  });
}

function endpointOf(service: Service, pod: Pod, address: string, zone: string | undefined): Endpoint {
  const serving = isReady(pod);
  const terminating = isTerminating(pod);
  const ready = service.spec.publishNotReadyAddresses || (serving && !terminating);
  const { nodeName } = pod.spec;
  const hostname = hostnameOf(pod, service);
  return {
    addresses: [address],
    conditions: { ready, serving, terminating },
    ...(hostname && { hostname }),
    targetRef: referenceTo(pod),
    ...(nodeName && { nodeName }),
    ...(zone && { zone }),
  };
}
