/**
 * Pods with resource claims go where their claims are. A claim that is allocated already decides by its node selector, and is reserved for
 * the pod before binding; this scheduler allocates no claims itself, so a pod with an unallocated one waits.
 */
import { resourceclaims } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { ResourceClaim } from "@kubets/api/generated/types/resource-v1";
import { matchesNodeSelector } from "@kubets/api/pod/node-affinity";
import type { Client } from "@kubets/client/client";
import type { Cache } from "@kubets/client/controller";
import { stateKey } from "../../framework/cycle-state.ts";
import type { PluginFactory } from "../../framework/handle.ts";

const NAME = "DynamicResources";
const NOT_ALLOCATED = { plugin: NAME, reasons: ["cannot allocate all claims"], lasting: true };
const ELSEWHERE = { plugin: NAME, reasons: ["resourceclaim not available on the node"], lasting: true };
const CLAIMS = stateKey<readonly ResourceClaim[]>(NAME);

export const dynamicResources: PluginFactory = ({ cache, client }) => ({
  name: NAME,
  hints: [{ events: ["resourceclaim/add", "resourceclaim/update", "pod/self", "node/add", "node/labels"] }],
  preEnqueue(pod) {
    const found = claimsOf(pod, cache);
    return typeof found === "string" ? { plugin: NAME, reasons: [found] } : undefined;
  },
  preFilter(pod, _, state) {
    if (!pod.spec.resourceClaims?.length) return { skip: true };
    const claims = claimsOf(pod, cache);
    if (typeof claims === "string") return { refusal: { reasons: [claims], lasting: true } };
    for (const { metadata, status } of claims) {
      const { name, uid } = metadata;
      const holders = status?.reservedFor ?? [];
      if (holders.length >= MAX_HOLDERS && !holders.some((holder) => holder.uid === pod.metadata.uid))
        return { refusal: { reasons: [`resourceclaim ${name} (${uid}) is in use`], lasting: true } };
    }
    state.set(CLAIMS, claims);
    return undefined;
  },
  filter(_, { node }, state) {
    for (const { status } of state.get(CLAIMS) ?? []) {
      if (!status?.allocation) return NOT_ALLOCATED;
      const selector = status.allocation.nodeSelector;
      if (selector && !matchesNodeSelector(selector, node)) return ELSEWHERE;
    }
    return undefined;
  },
  postFilter: () => ({ message: "no new claims to deallocate" }),
  preBind(pod, _, state) {
    const unreserved = (state.get(CLAIMS) ?? []).filter(
      ({ status }) => !status?.reservedFor?.some(({ uid }) => uid === pod.metadata.uid),
    );
    if (unreserved.length === 0) return undefined;
    return Promise.all(unreserved.map((claim) => reserveFor(pod, claim, client))).then(() => {});
  },
});

/** How many pods may share a claim. */
const MAX_HOLDERS = 256;

/** The pod's claims, or which of them is not there. */
function claimsOf({ metadata, spec, status }: Pod, cache: Cache): ResourceClaim[] | string {
  const { namespace, name: podName } = metadata;
  const claims: ResourceClaim[] = [];
  for (const { name, resourceClaimName } of spec.resourceClaims ?? []) {
    const made = status.resourceClaimStatuses?.find((known) => known.name === name);
    // A claim that was found unnecessary when it was to be made.
    if (made && !made.resourceClaimName) continue;
    const claimName = resourceClaimName ?? made?.resourceClaimName;
    if (!claimName) return `pod "${namespace}/${podName}": ResourceClaim not created yet`;
    const claim = cache.get(resourceclaims, `${namespace}/${claimName}`);
    if (!claim) return `resourceclaim "${claimName}" not found`;
    if (claim.metadata.deletionTimestamp) return `resourceclaim "${claimName}" is being deleted`;
    claims.push(claim);
  }
  return claims;
}

/** A stale revision is a conflict, and the pod is tried again. */
async function reserveFor({ metadata }: Pod, claim: ResourceClaim, client: Client): Promise<void> {
  const holder = { resource: "pods", name: metadata.name, uid: metadata.uid };
  const reservedFor = [...(claim.status?.reservedFor ?? []), holder];
  await client.update(
    resourceclaims,
    { ...claim, status: { ...claim.status, reservedFor } },
    { subresource: "status" },
  );
}
