/** What the slices of a service must say: an endpoint for each of its pods and families, grouped by the ports that they have. */
import type { Node, Pod, Service } from "@kubets/api/generated/types/core-v1";
import type { Endpoint, EndpointPort } from "@kubets/api/generated/types/discovery-v1";
import { isFinished, isReady, isTerminating } from "@kubets/api/pod/state";
import { portsKey, type Wanted } from "../services/plan-slices.ts";
import { addressOf, type Family, familyOf, hostnameOf, referenceTo, targetPort } from "../services/service-pods.ts";

const ZONE = "topology.kubernetes.io/zone";

/** A headless service without a policy of its own may be of both families. */
export function familiesOf(service: Service): Family[] {
  const { ipFamilies, clusterIP } = service.spec;
  if (ipFamilies?.length) return ipFamilies as Family[];
  return clusterIP && clusterIP !== "None" ? [familyOf(clusterIP)] : ["IPv4", "IPv6"];
}

export function wantedSlices(
  service: Service,
  pods: readonly Pod[],
  nodeOf: (name: string) => Node | undefined,
): Wanted[] {
  return familiesOf(service).flatMap((family) => wantedOfFamily(service, pods, family, nodeOf));
}

function wantedOfFamily(
  service: Service,
  pods: readonly Pod[],
  family: Family,
  nodeOf: (name: string) => Node | undefined,
): Wanted[] {
  const groups = new Map<string, { family: Family; ports: EndpointPort[]; endpoints: Endpoint[] }>();
  for (const pod of pods) {
    const address = addressOf(pod, family);
    if (!address || isFinished(pod)) continue;
    const ports = portsOf(service, pod);
    const key = portsKey(family, ports);
    const group = groups.get(key) ?? { family, ports, endpoints: [] };
    groups.set(key, group);
    group.endpoints.push(endpointOf(service, pod, address, nodeOf));
  }
  // A service that nobody serves has one slice that says so.
  return groups.size > 0 ? [...groups.values()] : [{ family, ports: [], endpoints: [] }];
}

function portsOf({ spec }: Service, pod: Pod): EndpointPort[] {
  return (spec.ports ?? []).flatMap((servicePort) => {
    const port = targetPort(pod, servicePort);
    if (port === undefined) return [];
    const { name = "", protocol = "TCP", appProtocol } = servicePort;
    return [{ name, port, protocol, ...(appProtocol && { appProtocol }) }];
  });
}

function endpointOf(service: Service, pod: Pod, address: string, nodeOf: (name: string) => Node | undefined): Endpoint {
  const serving = isReady(pod);
  const terminating = isTerminating(pod);
  const ready = service.spec.publishNotReadyAddresses || (serving && !terminating);
  const { nodeName } = pod.spec;
  const zone = nodeName ? nodeOf(nodeName)?.metadata.labels?.[ZONE] : undefined;
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
