/** Which claims a pod has, and what its containers get of them. Pure. */
import type { Container, Pod } from "@kubets/api/generated/types/core-v1";
import type { ResourceClaim } from "@kubets/api/generated/types/resource-v1";
import { isHeldByGroupOf } from "@kubets/api/resource/group-claims";

export interface PreparedDevice {
  readonly driver: string;
  readonly pool: string;
  readonly device: string;
  readonly shareId: string;
  /** The requests of the claim that it serves; none: all. */
  readonly requests: readonly string[];
  readonly cdiDevices: readonly string[];
}

/** A claim that drivers of this node made ready. */
export interface PreparedClaim {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** Uids of the pods that use it. */
  readonly pods: readonly string[];
  readonly drivers: readonly string[];
  readonly devices: readonly PreparedDevice[];
}

interface WantedClaim {
  /** As the pod's containers call it; undefined for the claim of extended resources. */
  readonly alias: string | undefined;
  readonly name: string;
}

/** Throws when a claim that is to be made for the pod is not there yet. */
export function claimsOf({ spec, status }: Pod): WantedClaim[] {
  const wanted: WantedClaim[] = [];
  for (const { name, resourceClaimName } of spec.resourceClaims ?? []) {
    const made = status.resourceClaimStatuses?.find((each) => each.name === name);
    if (!resourceClaimName && !made) throw new Error(`the claim ${name} of the pod has not been made yet`);
    const found = resourceClaimName ?? made?.resourceClaimName;
    if (found) wanted.push({ alias: name, name: found });
  }
  const extended = status.extendedResourceClaimStatus?.resourceClaimName;
  return extended ? [...wanted, { alias: undefined, name: extended }] : wanted;
}

/** Why the pod may not use the claim; undefined when it may. Groups hold claims for their pods where that is on. */
export function whyNotUsable(pod: Pod, claim: ResourceClaim, hasGroups: boolean): string | undefined {
  const { namespace, name } = claim.metadata;
  if (!claim.status.allocation) return `ResourceClaim ${namespace}/${name} is not allocated`;
  const isHeld = claim.status.reservedFor?.some(
    (holder) => holder.uid === pod.metadata.uid || (hasGroups && isHeldByGroupOf(pod, holder)),
  );
  if (!isHeld)
    return `pod ${pod.metadata.namespace}/${pod.metadata.name} (${pod.metadata.uid}) is not allowed to use ResourceClaim ${namespace}/${name} (${claim.metadata.uid})`;
  return undefined;
}

/** The drivers that have a part in the claim. */
export const driversOf = ({ status }: ResourceClaim): string[] => [
  ...new Set((status.allocation?.devices.results ?? []).map(({ driver }) => driver)),
];

export interface UsedClaim {
  /** As statuses call it: "claim:mine/request", or the resource that it stands for. */
  readonly called: string;
  readonly claim: PreparedClaim;
  readonly devices: readonly PreparedDevice[];
}

/** What a container uses of the pod's claims: of a claim all, or what one of its requests was given. */
export function devicesOf(
  pod: Pod,
  container: Container,
  prepared: (claim: string) => PreparedClaim | undefined,
): UsedClaim[] {
  const uses: { called: string; alias: string | undefined; request: string | undefined }[] = (
    container.resources?.claims ?? []
  ).map(({ name, request }) => ({
    called: `claim:${name}${request ? `/${request}` : ""}`,
    alias: name,
    request,
  }));
  const mapped = pod.status.extendedResourceClaimStatus?.requestMappings ?? [];
  for (const { containerName, requestName, resourceName } of mapped)
    if (containerName === container.name) uses.push({ called: resourceName, alias: undefined, request: requestName });
  if (uses.length === 0) return [];
  const claims = claimsOf(pod);
  return uses.flatMap(({ called, alias, request }) => {
    const claim = prepared(claims.find((each) => each.alias === alias)?.name ?? "");
    if (!claim) return [];
    const devices = claim.devices.filter(({ requests }) => serves(requests, request));
    return [{ called, claim, devices }];
  });
}

/** A request that offers a choice is known as "request/choice" too. */
const serves = (requests: readonly string[], wanted: string | undefined): boolean =>
  wanted === undefined ||
  requests.length === 0 ||
  requests.some((request) => request === wanted || request.startsWith(`${wanted}/`));
