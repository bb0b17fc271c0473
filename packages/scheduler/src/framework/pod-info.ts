/**
 * A pod with what the scheduler works out of it: requests, ports, affinity terms. Made once for each revision of a pod and kept as long
 * as the pod object itself.
 */
import type { Container, Pod } from "@kubets/api/generated/types/core-v1";
import { type HostPort, hostPorts } from "@kubets/api/pod/host-ports";
import { podRequests, WITH_CLAIMS } from "@kubets/api/pod/resources";
import { type AffinityTerm, affinityTerm, type WeightedTerm } from "./affinity-term.ts";
import { type Resources, resourcesOf } from "./resources.ts";

/** What a container that asks for nothing is taken to use, so that such pods spread as well. */
export const DEFAULT_MILLI_CPU = 100;
export const DEFAULT_MEMORY = 200 * 1024 * 1024;

export interface PodInfo {
  readonly pod: Pod;
  /** "namespace/name" */
  readonly key: string;
  readonly priority: number;
  /** `pods` is 1. */
  readonly requests: Resources;
  readonly nonZeroRequests: NonZero;
  readonly ports: readonly HostPort[];
  readonly affinity: readonly AffinityTerm[];
  readonly antiAffinity: readonly AffinityTerm[];
  readonly preferredAffinity: readonly WeightedTerm[];
  readonly preferredAntiAffinity: readonly WeightedTerm[];
}

export interface NonZero {
  readonly milliCpu: number;
  readonly memory: number;
}

const known = new WeakMap<Pod, PodInfo>();

export function podInfo(pod: Pod): PodInfo {
  let info = known.get(pod);
  if (!info) {
    info = makeInfo(pod);
    known.set(pod, info);
  }
  return info;
}

const NONE: readonly never[] = [];

function makeInfo(pod: Pod): PodInfo {
  const requests = resourcesOf(podRequests(pod, WITH_CLAIMS));
  requests.pods = 1;
  const { podAffinity, podAntiAffinity } = pod.spec.affinity ?? {};
  const required = (terms = podAffinity?.requiredDuringSchedulingIgnoredDuringExecution) =>
    terms?.map((term) => affinityTerm(term, pod)) ?? NONE;
  const preferred = (terms = podAffinity?.preferredDuringSchedulingIgnoredDuringExecution) =>
    terms?.map(({ weight, podAffinityTerm }) => ({ ...affinityTerm(podAffinityTerm, pod), weight })) ?? NONE;
  return {
    pod,
    key: `${pod.metadata.namespace}/${pod.metadata.name}`,
    priority: pod.spec.priority ?? 0,
    requests,
    nonZeroRequests: nonZero(pod, requests),
    ports: hostPorts(pod.spec),
    affinity: podAffinity ? required() : NONE,
    antiAffinity: podAntiAffinity
      ? required(podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution ?? [])
      : NONE,
    preferredAffinity: podAffinity ? preferred() : NONE,
    preferredAntiAffinity: podAntiAffinity
      ? preferred(podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution ?? [])
      : NONE,
  };
}

/** Requests with the defaults for each container that asks for no CPU or no memory. */
function nonZero(pod: Pod, requests: Resources): NonZero {
  const { spec } = pod;
  const complete = (container: Container) => {
    const asked = container.resources?.requests;
    return asked !== undefined && "cpu" in asked && "memory" in asked;
  };
  if (spec.containers.every(complete) && (spec.initContainers ?? []).every(complete)) return requests;
  const fill = (container: Container): Container => ({
    ...container,
    resources: {
      requests: { cpu: `${DEFAULT_MILLI_CPU}m`, memory: String(DEFAULT_MEMORY), ...container.resources?.requests },
    },
  });
  const containers = spec.containers.map(fill);
  const initContainers = spec.initContainers?.map(fill);
  return resourcesOf(podRequests({ spec: { ...spec, containers, initContainers }, status: pod.status }, WITH_CLAIMS));
}
