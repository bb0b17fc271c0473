/** What a node may report of a pod. */
import { duplicate, type FieldError, forbiddenField, invalidValue } from "@kubets/machinery";
import { ipErrors } from "@kubets/machinery/ip";
import { joined } from "@kubets/machinery/joined";
import { dns1123Subdomain, labelKey } from "@kubets/machinery/names";
import { parseQuantity } from "@kubets/machinery/quantity";
import type { Container, ContainerStatus, Pod, PodCondition } from "../generated/types/core-v1.ts";
import { immutable, nameErrors } from "./field-checks.ts";
import { validateAnnotationUpdate } from "./validate-annotations.ts";

const SYSTEM_CONDITIONS = new Set(["PodScheduled", "Ready", "Initialized"]);

export function validatePodStatusUpdate(pod: Pod, old: Pod): FieldError[] {
  const { status } = pod;
  const errors = validateAnnotationUpdate(pod, old, "metadata.annotations");
  errors.push(...conditionErrors(status.conditions));
  if (pod.spec.nodeName !== old.spec.nodeName)
    errors.push(forbiddenField("status.nodeName", "may not be changed directly"));
  if (status.nominatedNodeName && status.nominatedNodeName !== old.status.nominatedNodeName)
    errors.push(...nameErrors("status.nominatedNodeName", status.nominatedNodeName, dns1123Subdomain));
  if (status.qosClass !== old.status.qosClass)
    errors.push(invalidValue("status.qosClass", status.qosClass ?? "", immutable));
  errors.push(...restartErrors(pod, old));
  errors.push(...claimErrors(pod), ...claimedErrors(pod), ...addressErrors("status.podIPs", status.podIPs));
  return joined(errors, hostAddressErrors(pod));
}

/** The original names conditions as if they were metadata. */
const conditionErrors = (conditions: readonly PodCondition[] | undefined): FieldError[] =>
  (conditions ?? []).flatMap(({ type }, i) =>
    SYSTEM_CONDITIONS.has(type) ? [] : nameErrors(`metadata.conditions[${i}].Type`, type ?? "", labelKey),
  );

/** A container that ended for good does not run again; ephemeral ones never do. */
function restartErrors(pod: Pod, old: Pod): FieldError[] {
  const { restartPolicy, containers, initContainers = [] } = old.spec;
  return joined(
    stateErrors("containerStatuses", pod, old, containers, restartPolicy),
    stateErrors("initContainerStatuses", pod, old, initContainers, restartPolicy),
    stateErrors("ephemeralContainerStatuses", pod, old, [], "Never"),
  );
}

function stateErrors(
  list: "containerStatuses" | "initContainerStatuses" | "ephemeralContainerStatuses",
  pod: Pod,
  old: Pod,
  containers: readonly Container[],
  policy: string | undefined,
): FieldError[] {
  if (policy === "Always") return [];
  return (old.status[list] ?? []).flatMap((before, i) => {
    const container = containers.find(({ name }) => name === before.name);
    if (container?.restartPolicy || !endedForGood(before, policy)) return [];
    return (pod.status[list] ?? [])
      .filter(({ name, state }) => name === before.name && !state?.terminated)
      .map(() => forbiddenField(`status.${list}[${i}].state`, "may not be transitioned to non-terminated state"));
  });
}

const endedForGood = ({ state }: ContainerStatus, policy: string | undefined): boolean =>
  state?.terminated !== undefined && (policy === "Never" || state.terminated.exitCode === 0);

function claimErrors({ spec, status }: Pod): FieldError[] {
  const known = new Set(spec.resourceClaims?.map(({ name }) => name));
  const seen = new Set<string>();
  return (status.resourceClaimStatuses ?? []).flatMap(({ name, resourceClaimName }, i) => {
    const field = `status.resourceClaimStatuses[${i}].name`;
    const detail = "must match the name of an entry in `spec.resourceClaims`";
    const errors = known.has(name) ? [] : [invalidValue(field, name, detail)];
    if (seen.has(name)) errors.push(duplicate(field, name));
    seen.add(name);
    if (resourceClaimName !== undefined) errors.push(...nameErrors(field, resourceClaimName, dns1123Subdomain));
    return errors;
  });
}

/** What containers have of the node's own resources by devices of claims. */
function claimedErrors({ spec, status }: Pod): FieldError[] {
  const containers = new Set([...(spec.initContainers ?? []), ...spec.containers].map(({ name }) => name));
  return (status.nodeAllocatableResourceClaimStatuses ?? []).flatMap((claimed, i) => {
    const field = `status.nodeAllocatableResourceClaimStatuses[${i}]`;
    return [
      ...nameErrors(`${field}.resourceClaimName`, claimed.resourceClaimName, dns1123Subdomain),
      ...(claimed.containers ?? []).flatMap((name, j) =>
        containers.has(name)
          ? []
          : [invalidValue(`${field}.containers[${j}]`, name, "must be the name of a container of the pod")],
      ),
      ...Object.entries(claimed.resources).flatMap(([name, amount]) =>
        parseQuantity(amount).sign() < 0
          ? [invalidValue(`${field}.resources[${name}]`, amount, "must be greater than or equal to 0")]
          : [],
      ),
    ];
  });
}

function hostAddressErrors({ status }: Pod): FieldError[] {
  const first = status.hostIPs?.[0];
  if (!first) return [];
  const errors = addressErrors("status.hostIPs", status.hostIPs);
  return first.ip === status.hostIP
    ? errors
    : [invalidValue("status.hostIPs[0].ip", first.ip, "must be equal to `hostIP`"), ...errors];
}

function addressErrors(field: string, addresses: readonly { readonly ip: string }[] | undefined): FieldError[] {
  if (!addresses?.length) return [];
  const errors = addresses.flatMap(({ ip }, i) => nameErrors(`${field}[${i}]`, ip, ipErrors));
  const families = new Set(addresses.map(({ ip }) => ip.includes(":")));
  const list = addresses.map(({ ip }) => ({ IP: ip }));
  if (addresses.length > 1 && (addresses.length > 2 || families.size < 2))
    errors.push(invalidValue(field, list, "may specify no more than one IP for each IP family"));
  const seen = new Set<string>();
  for (const [i, { ip }] of addresses.entries()) {
    if (seen.has(ip)) errors.push(duplicate(`${field}[${i}]`, list[i]));
    seen.add(ip);
  }
  return errors;
}
