/**
 * Makes the resource claims that pods and their groups name by a template, and lets go of claims that nobody uses any more: their
 * reservations, then their devices, and those that were made for a pod altogether.
 * Watches: pods, claims, templates; PodGroups where these may have claims.
 */
import { podgroups, pods, resourceclaims, resourceclaimtemplates } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { ResourceClaim } from "@kubets/api/generated/types/resource-v1";
import type { PodGroup } from "@kubets/api/generated/types/scheduling-v1alpha2";
import { isFinished } from "@kubets/api/pod/state";
import { GROUP_CLAIM_GATES, holderFor, isOfGroup } from "@kubets/api/resource/group-claims";
import { type Controller, type ControllerContext, keyOf, onRelated, splitKey } from "@kubets/client";
import { isReason } from "@kubets/machinery";
import { isOpen } from "@kubets/machinery/given-gates";
import { unlessGone } from "../error-text.ts";
import { keyIn } from "../keys.ts";
import { groupOf, groupsOf } from "../pods/group.ts";
import { claimsOfGroup, isGroupThere, madeForGroup, makeGroupClaims } from "./group-claims.ts";
import { FOR_POD, makeClaim } from "./make-claim.ts";

const POD = "pod:";
const GROUP = "group:";
const CLAIM = "claim:";
const BY_GROUP = "claiming-by-group";
const FINALIZER = "resource.kubernetes.io/delete-protection";

export interface ResourceClaimOptions {
  readonly featureGates: Readonly<Record<string, boolean>>;
}

export function resourceClaims({ featureGates }: ResourceClaimOptions): Controller {
  const hasGroups = GROUP_CLAIM_GATES.every((gate) => isOpen(gate, featureGates));
  return {
    name: "resource-claim",
    watches: [
      onRelated(pods, (pod, old) =>
        pod.spec.resourceClaims?.length ? [POD + keyOf(pod), ...claimKeys(pod, old)] : [],
      ),
      onRelated(resourceclaims, (claim) => {
        const owner = ownerOf(claim);
        return [CLAIM + keyOf(claim), ...(owner ? [`${POD}${claim.metadata.namespace}/${owner.name}`] : [])];
      }),
      onRelated(resourceclaimtemplates, ({ metadata }, _, { cache }) =>
        cache
          .list(pods, metadata.namespace)
          .filter(({ spec }) => spec.resourceClaims?.some((each) => each.resourceClaimTemplateName === metadata.name))
          .map((pod) => POD + keyOf(pod)),
      ),
      ...(hasGroups ? groupWatches : []),
    ],
    start({ cache }) {
      if (hasGroups)
        cache.informer(pods).addIndex(BY_GROUP, (pod) => (pod.spec.resourceClaims?.length ? groupsOf(pod) : []));
    },
    async reconcile(key, context) {
      if (key.startsWith(POD)) await makeClaims(key.slice(POD.length), hasGroups, context);
      else if (key.startsWith(GROUP)) await makeGroupClaims(key.slice(GROUP.length), context);
      else await letGo(key.slice(CLAIM.length), hasGroups, context);
    },
  };
}

const groupWatches = [
  onRelated(podgroups, (group, _, { cache }) => [
    GROUP + keyOf(group),
    ...claimsOfGroup(group).map((claim) => CLAIM + claim),
    ...cache
      .informer(pods)
      .indexed(BY_GROUP, keyOf(group))
      .map((pod) => POD + keyOf(pod)),
  ]),
  onRelated(resourceclaimtemplates, ({ metadata }, _, { cache }) =>
    cache
      .list(podgroups, metadata.namespace)
      .filter(({ spec }) => spec.resourceClaims?.some((each) => each.resourceClaimTemplateName === metadata.name))
      .map((group) => GROUP + keyOf(group)),
  ),
];

const claimKeys = (...states: (Pod | undefined)[]): string[] =>
  states.flatMap((pod) =>
    (pod?.spec.resourceClaims ?? []).flatMap(({ name, resourceClaimName }) => {
      const claim = resourceClaimName ?? madeFor(pod as Pod, name);
      return claim ? [`${CLAIM}${pod?.metadata.namespace}/${claim}`] : [];
    }),
  );

const madeFor = ({ status }: Pod, name: string) =>
  status.resourceClaimStatuses?.find((known) => known.name === name)?.resourceClaimName;

const ownerOf = ({ metadata }: ResourceClaim) =>
  metadata.ownerReferences?.find(({ kind, controller }) => controller && kind === "Pod");

async function makeClaims(key: string, hasGroups: boolean, context: ControllerContext): Promise<void> {
  const pod = context.cache.get(pods, key);
  if (!pod || pod.metadata.deletionTimestamp || isFinished(pod)) return;
  const group = hasGroups ? groupOf(pod, context.cache) : undefined;
  // Before the group is there nobody knows which claims are its own.
  if (hasGroups && !group && groupsOf(pod).length) return;
  const statuses: { name: string; resourceClaimName: string }[] = [];
  for (const wanted of pod.spec.resourceClaims ?? []) {
    if (!wanted.resourceClaimTemplateName) continue;
    const ofGroup = group && isOfGroup(wanted, group) ? group : undefined;
    const resourceClaimName =
      madeFor(pod, wanted.name) ??
      (ofGroup ? madeForGroup(ofGroup, wanted.name) : await makeClaim(pod, FOR_POD, wanted, context));
    if (resourceClaimName) statuses.push({ name: wanted.name, resourceClaimName });
  }
  if (statuses.every(({ name }) => madeFor(pod, name))) return reserve(pod, group, context);
  const body = { metadata: { uid: pod.metadata.uid }, status: { resourceClaimStatuses: statuses } };
  await unlessGone(context.client.patch(pods, keyIn(pod), { type: "strategic", body }, { subresource: "status" }));
}

/** A pod that came to its node without the scheduler holds its claims too, where they have their devices. */
async function reserve(pod: Pod, group: PodGroup | undefined, { cache, client }: ControllerContext): Promise<void> {
  const { namespace } = pod.metadata;
  if (!pod.spec.nodeName) return;
  for (const wanted of pod.spec.resourceClaims ?? []) {
    const claim = cache.get(resourceclaims, `${namespace}/${wanted.resourceClaimName ?? madeFor(pod, wanted.name)}`);
    const holders = claim?.status?.reservedFor ?? [];
    const holder = holderFor(pod, wanted, group);
    if (!claim?.status?.allocation || holders.some(({ uid }) => uid === holder.uid)) continue;
    const status = { ...claim.status, reservedFor: [...holders, holder] };
    await client.update(resourceclaims, { ...claim, status }, { subresource: "status" });
  }
}

async function letGo(key: string, hasGroups: boolean, { cache, client }: ControllerContext): Promise<void> {
  const claim = cache.get(resourceclaims, key);
  if (!claim) return;
  const { namespace } = splitKey(key);
  const holders = claim.status?.reservedFor ?? [];
  const left: (typeof holders)[number][] = [];
  for (const holder of holders) if (await stillHolds(holder)) left.push(holder);

  /** The cache may be behind: before something is taken the server is asked. */
  async function stillHolds(holder: (typeof holders)[number]): Promise<boolean> {
    const { apiGroup, resource, name, uid } = holder;
    if (hasGroups && apiGroup === podgroups.group && resource === podgroups.resource)
      return await isGroupThere(namespace, holder, { cache, client });
    if (resource !== "pods") return true;
    const known = cache.get(pods, `${namespace}/${name}`);
    const pod = known ?? (await client.get(pods, { namespace, name }).catch(goneAsUndefined));
    return pod?.metadata.uid === uid && !isFinished(pod);
  }

  let current = claim;
  if (left.length < holders.length) {
    const { allocation, reservedFor: _, ...rest } = claim.status;
    const status = left.length ? { ...rest, allocation, reservedFor: left } : rest;
    current = await client.update(resourceclaims, { ...claim, status } as never, { subresource: "status" });
  }
  const { finalizers = [], uid } = current.metadata;
  if (!current.status?.allocation && finalizers.includes(FINALIZER)) {
    const metadata = { ...current.metadata, finalizers: finalizers.filter((each) => each !== FINALIZER) };
    await unlessGone(client.update(resourceclaims, { ...current, metadata }));
  }
  const owner = ownerOf(current);
  const pod = owner && cache.get(pods, `${namespace}/${owner.name}`);
  if (
    pod &&
    pod.metadata.uid === owner?.uid &&
    isFinished(pod) &&
    left.length === 0 &&
    !current.metadata.deletionTimestamp
  )
    await unlessGone(client.delete(resourceclaims, keyIn(current), { preconditions: { uid } }));
}

function goneAsUndefined(error: unknown): undefined {
  if (isReason(error, "NotFound")) return undefined;
  throw error;
}
