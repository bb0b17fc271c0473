/**
 * What a pod's spec gets when its author left it out. The same for pods and for templates; what only pods get (requests from limits,
 * host ports, service links) stands in `defaultPod`. Idempotent: runs again after each admission plugin that changed the pod.
 */
import { joined } from "@kubets/machinery/joined";
import type { Container, EphemeralContainer, Pod, PodSpec, PodTemplateSpec } from "../generated/types/core-v1.ts";
import type { Draft } from "../meta.ts";
import { defaultContainer } from "./default-container.ts";
import { defaultPodResources, requestsFromLimits } from "./default-resources.ts";
import { defaultVolume } from "./default-volume.ts";
import { roundResources } from "./round-resources.ts";

export function defaultPod(pod: Draft<Pod>): void {
  dropOldInitContainerAnnotations(pod);
  const { spec } = pod;
  defaultPodSpec(spec);
  for (const container of startingContainers(spec)) requestsFromLimits(container.resources);
  defaultPodResources(spec);
  spec.enableServiceLinks ??= true;
  if (spec.hostNetwork) useHostPorts(spec);
}

export function defaultPodTemplate(template: Draft<PodTemplateSpec>): void {
  template.metadata ??= {};
  template.spec ??= { containers: [] };
  defaultPodSpec(template.spec);
}

function defaultPodSpec(spec: Draft<PodSpec>): void {
  for (const volume of spec.volumes ?? []) defaultVolume(volume);
  for (const container of allContainers(spec)) defaultContainer(container);
  if (spec.overhead) roundResources(spec.overhead);
  if (spec.resources) {
    roundResources(spec.resources.limits);
    roundResources(spec.resources.requests);
  }
  spec.dnsPolicy ||= "ClusterFirst";
  spec.restartPolicy ||= "Always";
  spec.securityContext ??= {};
  spec.terminationGracePeriodSeconds ??= 30;
  spec.schedulerName ||= "default-scheduler";
  if (spec.serviceAccountName || spec.serviceAccount) {
    spec.serviceAccountName ||= spec.serviceAccount;
    spec.serviceAccount = spec.serviceAccountName;
  }
}

const startingContainers = (spec: Draft<PodSpec>): Draft<Container>[] =>
  joined(spec.containers ?? [], spec.initContainers ?? []);

const allContainers = (spec: Draft<PodSpec>): Draft<Container | EphemeralContainer>[] =>
  joined(startingContainers(spec), spec.ephemeralContainers ?? []);

/** On the host's network a container's port is the host's. */
function useHostPorts(spec: Draft<PodSpec>): void {
  for (const container of startingContainers(spec))
    for (const port of container.ports ?? [])
      if (!port.hostPort && port.containerPort) port.hostPort = port.containerPort;
}

/** Annotations in which init containers stood before they were a field. */
function dropOldInitContainerAnnotations({ metadata }: Draft<Pod>): void {
  if (!metadata?.annotations) return;
  for (const name in metadata.annotations) if (OLD_INIT_CONTAINERS.test(name)) delete metadata.annotations[name];
}

const OLD_INIT_CONTAINERS = /^pod\.(alpha|beta)\.kubernetes\.io\/init-container(s|-statuses)$/;
