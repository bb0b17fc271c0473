/** What a node may report of a pod. */
import { type FieldError, forbiddenField, invalidValue } from "@kubets/machinery";
import { ipErrors } from "@kubets/machinery/ip";
import { dns1123Subdomain, labelKey } from "@kubets/machinery/names";
import type { Container, ContainerStatus, Pod, PodCondition } from "../generated/types/core-v1.ts";
import { isSidecar } from "./containers.ts";
import { immutable, nameErrors } from "./field-checks.ts";
import { validateAnnotationUpdate } from "./validate-annotations.ts";

const SYSTEM_CONDITIONS = new Set([
  "PodScheduled",
  "Ready",
  "Initialized",
  "ContainersReady",
  "DisruptionTarget",
  "PodReadyToStartContainers",
  "PodResizePending",
  "PodResizeInProgress",
]);

export function validatePodStatusUpdate(pod: Pod, old: Pod): FieldError[] {
  const { status } = pod;
  const errors = validateAnnotationUpdate(pod, old, "metadata.annotations");
  errors.push(...conditionErrors(status.conditions));
  if (pod.spec.nodeName !== old.spec.nodeName)
    errors.push(forbiddenField("status.nodeName", "may not be changed directly"));
  if (status.nominatedNodeName)
    errors.push(...nameErrors("status.nominatedNodeName", status.nominatedNodeName, dns1123Subdomain));
  if (status.qosClass !== old.status.qosClass)
    errors.push(invalidValue("status.qosClass", status.qosClass ?? "", immutable));
  errors.push(...restartErrors(pod, old));
  errors.push(...addressErrors("status.podIPs", status.podIPs));
  return [...errors, ...addressErrors("status.hostIPs", status.hostIPs)];
}

const conditionErrors = (conditions: readonly PodCondition[] | undefined): FieldError[] =>
  (conditions ?? []).flatMap(({ type }, i) =>
    SYSTEM_CONDITIONS.has(type) ? [] : nameErrors(`status.conditions[${i}].Condition`, type ?? "", labelKey),
  );

/** A container that ended for good does not run again. */
function restartErrors(pod: Pod, old: Pod): FieldError[] {
  const { restartPolicy, containers, initContainers = [] } = old.spec;
  if (restartPolicy === "Always") return [];
  const errors = stateErrors("containerStatuses", pod, old, containers, restartPolicy);
  return [...errors, ...stateErrors("initContainerStatuses", pod, old, initContainers, restartPolicy)];
}

function stateErrors(
  list: "containerStatuses" | "initContainerStatuses",
  pod: Pod,
  old: Pod,
  containers: readonly Container[],
  policy: string | undefined,
): FieldError[] {
  const now = new Map((pod.status[list] ?? []).map((status, i) => [status.name, [status, i] as const]));
  return (old.status[list] ?? []).flatMap((before) => {
    const container = containers.find(({ name }) => name === before.name);
    if (!container || isSidecar(container) || container.restartPolicy || !endedForGood(before, policy)) return [];
    const found = now.get(before.name);
    if (!found || found[0].state?.terminated) return [];
    const field = `status.${list}[${found[1]}].state`;
    return [forbiddenField(field, "may not be transitioned to non-terminated state")];
  });
}

const endedForGood = ({ state }: ContainerStatus, policy: string | undefined): boolean =>
  state?.terminated !== undefined && (policy === "Never" || state.terminated.exitCode === 0);

function addressErrors(field: string, addresses: readonly { readonly ip: string }[] | undefined): FieldError[] {
  if (!addresses?.length) return [];
  const errors = addresses.flatMap(({ ip }, i) => nameErrors(`${field}[${i}]`, ip, ipErrors));
  const families = new Set(addresses.map(({ ip }) => ip.includes(":")));
  if (addresses.length > 1 && (addresses.length > 2 || families.size < 2)) {
    const list = addresses.map(({ ip }) => ip);
    errors.push(invalidValue(field, list, "may specify no more than one IP for each IP family"));
  }
  return errors;
}
