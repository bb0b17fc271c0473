/**
 * Makes the resource claims that pods name by a template, and lets go of claims that no pod uses any more: their reservations, then their
 * devices, and those that were made for a pod altogether.
 * Watches: pods, claims, templates.
 */
import { pods, resourceclaims, resourceclaimtemplates } from "@kubets/api/generated/refs";
import type { Pod, PodResourceClaim } from "@kubets/api/generated/types/core-v1";
import type { ResourceClaim } from "@kubets/api/generated/types/resource-v1";
import { isFinished } from "@kubets/api/pod/state";
import {
  type Controller,
  type ControllerContext,
  controllerReference,
  keyOf,
  onRelated,
  splitKey,
} from "@kubets/client";
import { isReason } from "@kubets/machinery";
import { errorText, unlessGone } from "../error-text.ts";
import { keyIn } from "../keys.ts";

const POD = "pod:";
const CLAIM = "claim:";
/** Which of the pod's claims it was made for. */
const POD_CLAIM = "resource.kubernetes.io/pod-claim-name";
const FINALIZER = "resource.kubernetes.io/delete-protection";

export const resourceClaims = (): Controller => ({
  name: "resource-claim",
  watches: [
    onRelated(pods, (pod, old) => (pod.spec.resourceClaims?.length ? [POD + keyOf(pod), ...claimKeys(pod, old)] : [])),
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
  ],
  async reconcile(key, context) {
    if (key.startsWith(POD)) await makeClaims(key.slice(POD.length), context);
    else await letGo(key.slice(CLAIM.length), context);
  },
});

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

async function makeClaims(key: string, context: ControllerContext): Promise<void> {
  const pod = context.cache.get(pods, key);
  if (!pod || pod.metadata.deletionTimestamp || isFinished(pod)) return;
  const statuses: { name: string; resourceClaimName: string }[] = [];
  for (const wanted of pod.spec.resourceClaims ?? []) {
    if (!wanted.resourceClaimTemplateName) continue;
    const resourceClaimName = madeFor(pod, wanted.name) ?? (await make(pod, wanted, context));
    statuses.push({ name: wanted.name, resourceClaimName });
  }
  if (statuses.every(({ name }) => madeFor(pod, name))) return reserve(pod, context);
  const body = { metadata: { uid: pod.metadata.uid }, status: { resourceClaimStatuses: statuses } };
  await unlessGone(context.client.patch(pods, keyIn(pod), { type: "strategic", body }, { subresource: "status" }));
}

/** A pod that came to its node without the scheduler holds its claims too, where they have their devices. */
async function reserve(pod: Pod, { cache, client }: ControllerContext): Promise<void> {
  const { namespace, name, uid } = pod.metadata;
  if (!pod.spec.nodeName) return;
  for (const wanted of pod.spec.resourceClaims ?? []) {
    const claim = cache.get(resourceclaims, `${namespace}/${wanted.resourceClaimName ?? madeFor(pod, wanted.name)}`);
    const holders = claim?.status?.reservedFor ?? [];
    if (!claim?.status?.allocation || holders.some((each) => each.uid === uid)) continue;
    const status = { ...claim.status, reservedFor: [...holders, { resource: "pods", name, uid }] };
    await client.update(resourceclaims, { ...claim, status }, { subresource: "status" });
  }
}

/** Its name; one that was made before, but never told of, is taken. */
async function make(pod: Pod, wanted: PodResourceClaim, { cache, client, events }: ControllerContext): Promise<string> {
  const { namespace, name, uid } = pod.metadata;
  const isOurs = (claim: ResourceClaim) =>
    ownerOf(claim)?.uid === uid && claim.metadata.annotations?.[POD_CLAIM] === wanted.name;
  const made = cache.list(resourceclaims, namespace).find(isOurs);
  if (made) return made.metadata.name;
  try {
    const template = cache.get(resourceclaimtemplates, `${namespace}/${wanted.resourceClaimTemplateName}`);
    if (!template) throw new Error(`resource claim template "${wanted.resourceClaimTemplateName}": not found`);
    const { annotations, labels } = template.spec.metadata ?? {};
    const claim = await client.create(resourceclaims, {
      metadata: {
        namespace,
        generateName: `${name}-${wanted.name}-`,
        annotations: { ...annotations, [POD_CLAIM]: wanted.name },
        ...(labels && { labels }),
        ownerReferences: [controllerReference(pod)],
      },
      spec: template.spec.spec,
    });
    return claim.metadata.name;
  } catch (error) {
    events
      .as("resource_claim")
      .event(pod, "Warning", "FailedResourceClaimCreation", `PodResourceClaim ${wanted.name}: ${errorText(error)}`);
    throw error;
  }
}

async function letGo(key: string, { cache, client }: ControllerContext): Promise<void> {
  const claim = cache.get(resourceclaims, key);
  if (!claim) return;
  const { namespace } = splitKey(key);
  const holders = claim.status?.reservedFor ?? [];
  const left: (typeof holders)[number][] = [];
  for (const holder of holders) if (await stillHolds(holder)) left.push(holder);

  /** The cache may be behind: before something is taken the server is asked. */
  async function stillHolds({ resource, name, uid }: (typeof holders)[number]): Promise<boolean> {
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
