/**
 * How many pods the owners of some pods want in all: by their spec.replicas, or by the scale of whatever else controls pods.
 * A ReplicaSet of a Deployment counts as the Deployment.
 */
import { deployments, replicasets, replicationcontrollers, statefulsets } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { OwnerReference } from "@kubets/api/generated/types/meta-v1";
import { resourcePath } from "@kubets/api/resource-ref";
import { type ControllerContext, controllerOf, refersTo } from "@kubets/client";
import { discoverResources, kindKey } from "../discovered-resources.ts";

interface Expected {
  readonly count: number;
  /** Pods that nobody controls; they count for nothing. */
  readonly unmanaged: readonly Pod[];
}

export async function expectedPods(pods: readonly Pod[], context: ControllerContext): Promise<Expected> {
  const scales = new Map<string, number>();
  const seen = new Set<string>();
  const unmanaged: Pod[] = [];
  for (const pod of pods) {
    const owner = controllerOf(pod);
    if (!owner) unmanaged.push(pod);
    else if (!seen.has(owner.uid)) {
      seen.add(owner.uid);
      const { uid, replicas } = await scaleOf(owner, pod.metadata.namespace, context);
      scales.set(uid, replicas);
    }
  }
  return { count: [...scales.values()].reduce((sum, each) => sum + each, 0), unmanaged };
}

async function scaleOf(
  owner: OwnerReference,
  namespace: string,
  { cache, client }: ControllerContext,
): Promise<{ uid: string; replicas: number }> {
  const key = `${namespace}/${owner.name}`;
  if (refersTo(owner, replicasets)) {
    const set = cache.get(replicasets, key);
    const above = set && controllerOf(set);
    if (set?.metadata.uid === owner.uid && above && refersTo(above, deployments)) {
      const deployment = cache.get(deployments, `${namespace}/${above.name}`);
      if (deployment?.metadata.uid === above.uid) return { uid: above.uid, replicas: deployment.spec.replicas ?? 1 };
    }
    if (set?.metadata.uid === owner.uid) return { uid: owner.uid, replicas: set.spec.replicas ?? 1 };
  }
  const found = refersTo(owner, statefulsets)
    ? cache.get(statefulsets, key)
    : refersTo(owner, replicationcontrollers)
      ? cache.get(replicationcontrollers, key)
      : undefined;
  if (found?.metadata.uid === owner.uid) return { uid: owner.uid, replicas: found.spec.replicas ?? 1 };
  return { uid: owner.uid, replicas: await servedScale(owner, namespace, client) };
}

/** Of a kind that only the server knows. */
async function servedScale(
  { apiVersion, kind, name }: OwnerReference,
  namespace: string,
  client: ControllerContext["client"],
): Promise<number> {
  const ref = (await discoverResources(client)).byKind.get(kindKey(apiVersion, kind));
  if (!ref) throw new Error(`found no controller ref for pod: ${kind} of ${apiVersion} is not served`);
  const { status, body } = await client.raw("GET", resourcePath(ref, namespace, name, "scale"));
  if (status !== 200)
    throw new Error(`${ref.resource}${ref.group && `.${ref.group}`} does not implement the scale subresource`);
  const scale = JSON.parse(new TextDecoder().decode(body)) as { spec?: { replicas?: number } };
  return scale.spec?.replicas ?? 0;
}
