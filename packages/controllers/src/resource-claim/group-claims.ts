/** The claims of PodGroups: made by their templates with the group, told in its status, held until it is gone. */
import { podgroups } from "@kubets/api/generated/refs";
import type { ResourceClaimConsumerReference } from "@kubets/api/generated/types/resource-v1";
import type { PodGroup } from "@kubets/api/generated/types/scheduling-v1alpha2";
import type { ControllerContext } from "@kubets/client";
import { isReason } from "@kubets/machinery";
import { unlessGone } from "../error-text.ts";
import { keyIn } from "../keys.ts";
import { FOR_GROUP, makeClaim } from "./make-claim.ts";

export const madeForGroup = ({ status }: PodGroup, name: string): string | undefined =>
  status?.resourceClaimStatuses?.find((known) => known.name === name)?.resourceClaimName;

/** Those that it names and those that were made for it. */
export const claimsOfGroup = (group: PodGroup): string[] =>
  (group.spec.resourceClaims ?? []).flatMap(({ name, resourceClaimName }) => {
    const claim = resourceClaimName ?? madeForGroup(group, name);
    return claim ? [`${group.metadata.namespace}/${claim}`] : [];
  });

export async function makeGroupClaims(key: string, context: ControllerContext): Promise<void> {
  const group = context.cache.get(podgroups, key);
  if (!group || group.metadata.deletionTimestamp) return;
  const missing = (group.spec.resourceClaims ?? []).filter(
    ({ name, resourceClaimTemplateName }) => resourceClaimTemplateName && !madeForGroup(group, name),
  );
  if (missing.length === 0) return;
  const resourceClaimStatuses: { name: string; resourceClaimName: string }[] = [];
  for (const wanted of missing)
    resourceClaimStatuses.push({
      name: wanted.name,
      resourceClaimName: await makeClaim(group, FOR_GROUP, wanted, context),
    });
  const body = { metadata: { uid: group.metadata.uid }, status: { resourceClaimStatuses } };
  await unlessGone(
    context.client.patch(podgroups, keyIn(group), { type: "strategic", body }, { subresource: "status" }),
  );
}

/** The cache may be behind: before something is taken the server is asked. */
export async function isGroupThere(
  namespace: string | undefined,
  { name, uid }: ResourceClaimConsumerReference,
  { cache, client }: Pick<ControllerContext, "cache" | "client">,
): Promise<boolean> {
  if (cache.get(podgroups, `${namespace}/${name}`)?.metadata.uid === uid) return true;
  try {
    const group = await client.get(podgroups, { ...(namespace !== undefined && { namespace }), name });
    return group.metadata.uid === uid;
  } catch (error) {
    if (isReason(error, "NotFound")) return false;
    throw error;
  }
}
