/**
 * What a node has given a pod of cpu and memory, which a resize changes while it runs: resources by container, and those of the pod. Pure.
 * Holds: amounts are compared by what they mean, "1" is "1000m".
 */
import type { Container, Pod, ResourceRequirements } from "@kubets/api/generated/types/core-v1";
import { isSidecar } from "@kubets/api/pod/containers";
import { parseQuantity } from "@kubets/machinery/quantity";

export interface Allotment {
  readonly pod?: ResourceRequirements;
  readonly containers: Readonly<Record<string, ResourceRequirements>>;
}

/** The containers that can be resized: those that go on running. */
const running = ({ spec }: Pod): Container[] => [...(spec.initContainers ?? []).filter(isSidecar), ...spec.containers];

export const allotmentOf = (pod: Pod): Allotment => ({
  ...(pod.spec.resources && { pod: pod.spec.resources }),
  containers: Object.fromEntries(running(pod).map(({ name, resources }) => [name, resources])),
});

/** The pod as if it had asked for what it was given. */
export function withAllotment(pod: Pod, { pod: ofPod, containers }: Allotment): Pod {
  const given = <C extends Container>(container: C): C => {
    const resources = containers[container.name];
    return resources ? { ...container, resources } : container;
  };
  return {
    ...pod,
    spec: {
      ...pod.spec,
      containers: pod.spec.containers.map(given),
      ...(pod.spec.initContainers && { initContainers: pod.spec.initContainers.map(given) }),
      ...(ofPod && { resources: ofPod }),
    },
  };
}

type Amounts = Readonly<Record<string, string>> | undefined;

const sameAmounts = (a: Amounts = {}, b: Amounts = {}): boolean =>
  [...new Set([...Object.keys(a), ...Object.keys(b)])].every((name) => sameAmount(a[name], b[name]));

const sameAmount = (a: string | undefined, b: string | undefined): boolean =>
  a === b || (a !== undefined && b !== undefined && parseQuantity(a).equals(parseQuantity(b)));

export const sameResources = (a: ResourceRequirements = {}, b: ResourceRequirements = {}): boolean =>
  sameAmounts(a.requests, b.requests) && sameAmounts(a.limits, b.limits);

export const sameAllotment = (a: Allotment, b: Allotment): boolean =>
  sameResources(a.pod, b.pod) &&
  Object.keys({ ...a.containers, ...b.containers }).every((name) =>
    sameResources(a.containers[name], b.containers[name]),
  );

/** Whether a container must be made anew to be given other resources: its policy says so of one that changes. */
export function needsRestart(
  { resizePolicy = [] }: Pick<Container, "resizePolicy">,
  from: ResourceRequirements = {},
  to: ResourceRequirements = {},
): boolean {
  return resizePolicy.some(
    ({ resourceName, restartPolicy }) =>
      restartPolicy === "RestartContainer" &&
      !(
        sameAmount(from.requests?.[resourceName], to.requests?.[resourceName]) &&
        sameAmount(from.limits?.[resourceName], to.limits?.[resourceName])
      ),
  );
}

/** As events tell of a resize. */
export function resizeText(pod: Pod, error?: string): string {
  const told = ({ name, resources }: Container) => ({ name, resources: inOrder(resources) });
  const sidecars = (pod.spec.initContainers ?? []).filter(isSidecar);
  return JSON.stringify({
    ...(sidecars.length > 0 && { initContainers: sidecars.map(told) }),
    containers: pod.spec.containers.map(told),
    generation: pod.metadata.generation,
    ...(error && { error }),
  });
}

const inOrder = ({ limits, requests }: ResourceRequirements) => ({
  ...(limits && { limits: sorted(limits) }),
  ...(requests && { requests: sorted(requests) }),
});

const sorted = (list: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(list).sort(([a], [b]) => (a < b ? -1 : 1)));
