/**
 * Keeps in the status of quotas how much is used.
 * Owns: their status. Watches: quotas, and whatever they count.
 * Holds: usage is counted anew from what is there, so what admission reserved and nobody used comes back; where the server serves a kind
 * that is not followed here, it is listed.
 */
import * as refs from "@kubets/api/generated/refs";
import type { Pod, ResourceQuota } from "@kubets/api/generated/types/core-v1";
import type { KubeObject } from "@kubets/api/meta";
import { isFinished } from "@kubets/api/pod/state";
import type { ResourceRef } from "@kubets/api/resource-ref";
import {
  type Controller,
  type ControllerContext,
  type ControllerWatch,
  keyOf,
  on,
  onRelated,
  type Requeue,
} from "@kubets/client";
import { deepEqual } from "@kubets/machinery";
import { discoverResources } from "../discovered-resources.ts";
import { writeStatus } from "../write-status.ts";
import { countedResources, quotaStatus, sameAmounts } from "./plan.ts";

interface ResourceQuotaOptions {
  /** --resource-quota-sync-period: how often each is counted anew, whatever happened. */
  readonly resourceQuotaSyncPeriodMs: number;
}

const FOLLOWED: readonly ResourceRef[] = [
  refs.pods,
  refs.services,
  refs.persistentvolumeclaims,
  refs.configmaps,
  refs.secrets,
  refs.replicationcontrollers,
  refs.deployments,
  refs.replicasets,
  refs.statefulsets,
  refs.daemonsets,
  refs.jobs,
  refs.cronjobs,
];
const nameOf = ({ resource, group }: ResourceRef): string => (group ? `${resource}.${group}` : resource);

export const resourceQuotas = ({ resourceQuotaSyncPeriodMs }: ResourceQuotaOptions): Controller => ({
  name: "resourcequota",
  watches: [on(refs.resourcequotas), ...FOLLOWED.map(following)],
  async reconcile(key, context): Promise<Requeue | void> {
    const { cache, client } = context;
    const quota = cache.get(refs.resourcequotas, key);
    if (!quota) return undefined;
    const status = quotaStatus(quota, await counted(quota, context));
    if (!sameAmounts(status.hard, quota.status.hard) || !sameAmounts(status.used, quota.status.used))
      await writeStatus(client, refs.resourcequotas, quota, status);
    return { requeueAfterMs: resourceQuotaSyncPeriodMs };
  },
});

/** A change concerns quotas when something of it is counted: that it is there, that it ended, or what it asks for. */
function following(ref: ResourceRef): ControllerWatch {
  return onRelated(ref, (object, old, { cache }) => {
    if (old && !countsAnew(ref, object, old)) return [];
    return cache
      .list(refs.resourcequotas, object.metadata.namespace)
      .filter((quota) => countedResources(quota).has(nameOf(ref)))
      .map(keyOf);
  });
}

function countsAnew(ref: ResourceRef, object: KubeObject, old: KubeObject): boolean {
  if (ref.resource === refs.pods.resource)
    return isFinished(object as Pod) !== isFinished(old as Pod) || !deepEqual((object as Pod).spec, (old as Pod).spec);
  return (
    object.metadata.uid !== old.metadata.uid ||
    !deepEqual((object as { spec?: unknown }).spec, (old as { spec?: unknown }).spec)
  );
}

async function counted(
  quota: ResourceQuota,
  { cache, client }: ControllerContext,
): Promise<{ ref: ResourceRef; object: KubeObject }[]> {
  const { namespace } = quota.metadata;
  const objects: { ref: ResourceRef; object: KubeObject }[] = [];
  const others: string[] = [];
  for (const name of countedResources(quota)) {
    const ref = [...FOLLOWED, refs.resourcequotas].find((each) => nameOf(each) === name);
    if (ref) for (const object of cache.list(ref as ResourceRef, namespace)) objects.push({ ref, object });
    else others.push(name);
  }
  if (others.length === 0) return objects;
  const { resources } = await discoverResources(client);
  for (const { ref, verbs } of resources) {
    if (!others.includes(nameOf(ref)) || !ref.namespaced || !verbs.includes("list")) continue;
    for (const object of (await client.list(ref, { namespace })).items) objects.push({ ref, object });
  }
  return objects;
}
