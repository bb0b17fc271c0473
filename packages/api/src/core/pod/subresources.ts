/** The ways into a pod beside the pod itself. */
import { clone } from "@kubets/machinery/clone";
import { keepAllBut, statusPart } from "../../define.ts";
import type { Pod, PodSpec } from "../../generated/types/core-v1.ts";
import type { Draft } from "../../meta.ts";
import { validateEphemeralUpdate, validateResize } from "../../pod/validate-part-update.ts";
import { validatePodStatusUpdate } from "../../pod/validate-status.ts";
import { podWarnings } from "../../pod/warnings.ts";
import { NODE_RESOURCES } from "../../resource/node-resources.ts";
import type { GroupVersionKind, PartStrategy, Subresource, Verb, WriteContext } from "../../resource.ts";

const kind = (name: string, group = ""): GroupVersionKind => ({ group, version: "v1", kind: name });
const STREAM: readonly Verb[] = ["create", "get"];
const PROXY: readonly Verb[] = ["create", "delete", "get", "patch", "update"];

export const podSubresources: Readonly<Record<string, Subresource<Pod>>> = {
  attach: { type: "connect", kind: kind("PodAttachOptions"), verbs: STREAM },
  binding: { type: "action", kind: kind("Binding"), verbs: ["create"] },
  ephemeralcontainers: {
    type: "part",
    part: ["spec", "ephemeralContainers"],
    prepareForUpdate: onlyEphemeralContainers,
    validateUpdate: validateEphemeralUpdate,
    warnings: (pod, old) => (old ? [] : podWarnings(pod)),
  },
  eviction: { type: "action", kind: kind("Eviction", "policy"), verbs: ["create"] },
  exec: { type: "connect", kind: kind("PodExecOptions"), verbs: STREAM },
  log: { type: "connect", kind: kind("Pod"), verbs: ["get"] },
  portforward: { type: "connect", kind: kind("PodPortForwardOptions"), verbs: STREAM },
  proxy: { type: "connect", kind: kind("PodProxyOptions"), verbs: PROXY },
  resize: {
    type: "part",
    part: ["spec", "containers"],
    prepareForUpdate: onlyResources,
    validateUpdate: validateResize,
  } satisfies { type: "part" } & PartStrategy<Pod>,
  status: statusPart<Pod>({ prepareForUpdate: onlyStatus, validateUpdate: validatePodStatusUpdate }),
};

/** Old nodes wrote back owners wrongly, and the class is settled at creation. */
function onlyStatus(pod: Draft<Pod>, old: Pod, { featureEnabled }: WriteContext): void {
  keepAllBut<Pod>("status")(pod, old);
  pod.status ??= {};
  if (!featureEnabled(NODE_RESOURCES) && !old.status.nodeAllocatableResourceClaimStatuses)
    delete pod.status.nodeAllocatableResourceClaimStatuses;
  if (old.metadata.ownerReferences)
    pod.metadata.ownerReferences = clone(old.metadata.ownerReferences) as NonNullable<
      Draft<Pod>["metadata"]["ownerReferences"]
    >;
  else delete pod.metadata.ownerReferences;
  if (old.status.qosClass) pod.status.qosClass ??= old.status.qosClass;
  syncAddresses(pod);
}

/** One address is kept in two places; who wrote only one of them means both. */
function syncAddresses({ status }: Draft<Pod>): void {
  if (status.podIP && status.podIPs?.[0]?.ip !== status.podIP) status.podIPs = [{ ip: status.podIP }];
  else if (!status.podIP && status.podIPs?.[0]) status.podIP = status.podIPs[0].ip;
}

function onlyEphemeralContainers(pod: Draft<Pod>, old: Pod): void {
  const { ephemeralContainers } = pod.spec;
  restore(pod, old);
  if (ephemeralContainers?.length) pod.spec.ephemeralContainers = ephemeralContainers;
  else delete pod.spec.ephemeralContainers;
}

/** Keeps what a resize may carry; containers that are new stay, for validation to refuse them. */
function onlyResources(pod: Draft<Pod>, old: Pod): void {
  const { containers, initContainers, resources } = pod.spec;
  restore(pod, old);
  if (resources) pod.spec.resources = resources;
  takeResources(pod.spec, "containers", containers);
  takeResources(pod.spec, "initContainers", initContainers);
}

type ContainerList = "containers" | "initContainers";

function takeResources(spec: Draft<PodSpec>, list: ContainerList, sent: Draft<PodSpec>[ContainerList]): void {
  const kept = spec[list] ?? [];
  const known = sent?.length === kept.length && sent.every(({ name }) => kept.some((it) => it.name === name));
  if (!known) {
    if (sent) spec[list] = sent;
    return;
  }
  for (const container of sent) {
    const target = kept.find(({ name }) => name === container.name);
    if (!target) continue;
    target.resources = container.resources;
    if (container.resizePolicy) target.resizePolicy = container.resizePolicy;
    else delete target.resizePolicy;
  }
}

/** The old pod, but for the metadata that the road looks after. */
function restore(pod: Draft<Pod>, old: Pod): void {
  const { spec, status, metadata } = clone(old) as Draft<Pod>;
  pod.spec = spec;
  pod.status = status;
  for (const name of ["labels", "annotations", "finalizers", "ownerReferences"] as const)
    if (metadata[name] === undefined) delete pod.metadata[name];
    else Object.assign(pod.metadata, { [name]: metadata[name] });
}
