/** Which pods stand behind a service, and what of them can be told to clients; for endpoints in both their forms. */
import { pods, services } from "@kubets/api/generated/refs";
import type { ObjectReference, Pod, Service, ServicePort } from "@kubets/api/generated/types/core-v1";
import { isFinished, isReady, podIPs } from "@kubets/api/pod/state";
import { type Cache, type ControllerWatch, keyOf, onRelated } from "@kubets/client";
import { deepEqual, parseIp, selectorFromSet } from "@kubets/machinery";

const HEADLESS = "service.kubernetes.io/headless";
export const LAST_CHANGE = "endpoints.kubernetes.io/last-change-trigger-time";
export const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

export type Family = "IPv4" | "IPv6";

const selects = (service: Service, labels: Readonly<Record<string, string>> | undefined): boolean =>
  service.spec.selector !== undefined && selectorFromSet(service.spec.selector).matches(labels);

export function podsOf(cache: Cache, service: Service): Pod[] {
  if (!service.spec.selector) return [];
  const selector = selectorFromSet(service.spec.selector);
  return cache.list(pods, service.metadata.namespace).filter(({ metadata }) => selector.matches(metadata.labels));
}

/** A pod concerns the services that select it, or did; only when something of it changed that they tell of. */
export const onSelectedPods = (): ControllerWatch =>
  onRelated(pods, (pod, old, { cache }) => {
    if (old && !tellsAnew(pod, old)) return [];
    return cache
      .list(services, pod.metadata.namespace)
      .filter(
        (service) =>
          selects(service, pod.metadata.labels) || (old !== undefined && selects(service, old.metadata.labels)),
      )
      .map(keyOf);
  });

function tellsAnew(pod: Pod, old: Pod): boolean {
  return (
    isFinished(pod) !== isFinished(old) ||
    isReady(pod) !== isReady(old) ||
    pod.metadata.deletionTimestamp !== old.metadata.deletionTimestamp ||
    pod.metadata.uid !== old.metadata.uid ||
    pod.spec.nodeName !== old.spec.nodeName ||
    !deepEqual(podIPs(pod), podIPs(old)) ||
    !deepEqual(pod.metadata.labels, old.metadata.labels)
  );
}

/** The pod's address of a family. */
export const addressOf = (pod: Pod, family: Family): string | undefined =>
  podIPs(pod).find((ip) => familyOf(ip) === family);

export const familyOf = (address: string): Family => (parseIp(address)?.family === 6 ? "IPv6" : "IPv4");

/** What a pod's host name is within the service's domain; nothing if it has none there. */
export const hostnameOf = ({ spec, metadata }: Pod, service: Service): string | undefined =>
  spec.hostname && spec.subdomain === service.metadata.name && metadata.namespace === service.metadata.namespace
    ? spec.hostname
    : undefined;

export const referenceTo = ({ metadata: { namespace, name, uid } }: Pod): ObjectReference => ({
  kind: "Pod",
  namespace,
  name,
  uid,
});

/** The port of the pod that a service's port leads to; nothing when the pod has none of that name. */
export function targetPort(pod: Pod, { targetPort: target, port, protocol = "TCP" }: ServicePort): number | undefined {
  if (typeof target === "number") return target || port;
  if (target === undefined || target === "") return port;
  const containers = [
    ...(pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always"),
    ...pod.spec.containers,
  ];
  for (const container of containers)
    for (const each of container.ports ?? [])
      if (each.name === target && (each.protocol ?? "TCP") === protocol) return each.containerPort;
  return undefined;
}

/** Labels of a service for its endpoints; a headless one says so. */
export function serviceLabels({ metadata, spec }: Service): Record<string, string> {
  const labels: Record<string, string> = { ...metadata.labels };
  delete labels[HEADLESS];
  if (spec.clusterIP === "None") labels[HEADLESS] = "";
  return labels;
}

/** Somebody else makes its endpoints, or nobody. */
export const isLeftAlone = ({ spec }: Service): boolean => spec.selector === undefined || spec.type === "ExternalName";
