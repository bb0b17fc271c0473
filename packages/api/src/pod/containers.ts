/** Walks over the containers of a pod, with the paths that errors name them by. */
import { joined } from "@kubets/machinery/joined";
import type { Container, ContainerStatus, EphemeralContainer, Pod, PodSpec } from "../generated/types/core-v1.ts";

interface PlacedContainer {
  readonly container: Container | EphemeralContainer;
  /** "spec.initContainers[0]" */
  readonly field: string;
  readonly type: "init" | "container" | "ephemeral";
}

/** All containers in the order in which the original visits them: init, regular, ephemeral. */
export function placedContainers(spec: PodSpec, field: string): PlacedContainer[] {
  const placed: PlacedContainer[] = [];
  const place = (
    list: readonly (Container | EphemeralContainer)[] | undefined,
    name: string,
    type: PlacedContainer["type"],
  ) => list?.forEach((container, i) => placed.push({ container, field: `${field}.${name}[${i}]`, type }));
  place(spec.initContainers, "initContainers", "init");
  place(spec.containers, "containers", "container");
  place(spec.ephemeralContainers, "ephemeralContainers", "ephemeral");
  return placed;
}

/** Init and regular containers: what the pod is made of from its beginning. */
export const workingContainers = (spec: PodSpec): readonly Container[] =>
  spec.initContainers?.length ? joined(spec.containers, spec.initContainers) : spec.containers;

/** An init container that keeps running beside the regular ones. */
export const isSidecar = (container: Container): boolean => container.restartPolicy === "Always";

export const statusOf = (statuses: readonly ContainerStatus[] | undefined, name: string): ContainerStatus | undefined =>
  statuses?.find((status) => status.name === name);

/** The status of any container of the pod. */
export const containerStatus = ({ status }: Pod, name: string): ContainerStatus | undefined =>
  statusOf(status.containerStatuses, name) ??
  statusOf(status.initContainerStatuses, name) ??
  statusOf(status.ephemeralContainerStatuses, name);
