/** Walks over the containers of a pod, with the paths that errors name them by. */
import type { Container, ContainerStatus, EphemeralContainer, Pod, PodSpec } from "../generated/types/core-v1.ts";

export interface PlacedContainer {
  readonly container: Container | EphemeralContainer;
  /** "spec.initContainers[0]" */
  readonly field: string;
  readonly type: "init" | "container" | "ephemeral";
}

/** All containers in the order in which the original visits them: init, regular, ephemeral. */
export function placedContainers(spec: PodSpec, field: string): PlacedContainer[] {
  const place = (list: readonly (Container | EphemeralContainer)[] | undefined, name: string, type: string) =>
    (list ?? []).map((container, i) => ({ container, field: `${field}.${name}[${i}]`, type }) as PlacedContainer);
  return [
    ...place(spec.initContainers, "initContainers", "init"),
    ...place(spec.containers, "containers", "container"),
    ...place(spec.ephemeralContainers, "ephemeralContainers", "ephemeral"),
  ];
}

/** Init and regular containers: what the pod is made of from its beginning. */
export const workingContainers = (spec: PodSpec): readonly Container[] =>
  spec.initContainers?.length ? [...spec.containers, ...spec.initContainers] : spec.containers;

/** An init container that keeps running beside the regular ones. */
export const isSidecar = (container: Container): boolean => container.restartPolicy === "Always";

export const statusOf = (statuses: readonly ContainerStatus[] | undefined, name: string): ContainerStatus | undefined =>
  statuses?.find((status) => status.name === name);

/** The status of any container of the pod. */
export const containerStatus = ({ status }: Pod, name: string): ContainerStatus | undefined =>
  statusOf(status.containerStatuses, name) ??
  statusOf(status.initContainerStatuses, name) ??
  statusOf(status.ephemeralContainerStatuses, name);
