/**
 * The claim for extended resources that device classes serve: what a pod's containers ask for, as requests of a claim that exists in memory
 * alone until the pod is bound. The pod's status tells its kubelet which request is whose.
 */
import { pods, resourceclaims } from "@kubets/api/generated/refs";
import type { ContainerExtendedResourceRequest, Pod } from "@kubets/api/generated/types/core-v1";
import type { AllocationResult, DeviceRequest, ResourceClaim } from "@kubets/api/generated/types/resource-v1";
import type { Input } from "@kubets/api/meta";
import { holderFor } from "@kubets/api/resource/group-claims";
import type { Client } from "@kubets/client/client";
import type { Cache } from "@kubets/client/controller";
import { parseQuantity } from "@kubets/machinery/quantity";
import type { ClassOfResource } from "../../framework/extended-resources.ts";
import { podInfo } from "../../framework/pod-info.ts";
import { bindClaim } from "./bind-claims.ts";

export interface ExtendedClaim {
  readonly claim: ResourceClaim;
  readonly requestMappings: readonly ContainerExtendedResourceRequest[];
}

/** The resources of the pod that a class may serve. */
export const servedByClasses = (pod: Pod, classOf: ClassOfResource): string[] =>
  [...podInfo(pod).requests.scalar].filter(([name, amount]) => amount > 0 && classOf(name)).map(([name]) => name);

/** What was made for the pod before, by a try that did not come to its end. */
export function madeBefore({ metadata, status }: Pod, cache: Cache): ResourceClaim | undefined {
  const name = status.extendedResourceClaimStatus?.resourceClaimName;
  const claim = name ? cache.get(resourceclaims, `${metadata.namespace}/${name}`) : undefined;
  const isOurs = claim?.metadata.ownerReferences?.some(({ uid }) => uid === metadata.uid);
  return isOurs && claim?.status?.allocation && !claim.metadata.deletionTimestamp ? claim : undefined;
}

/** One request for each container and resource of those named. */
export function extendedClaim(pod: Pod, resources: readonly string[], classOf: ClassOfResource): ExtendedClaim {
  const { metadata, spec } = pod;
  const requests: DeviceRequest[] = [];
  const requestMappings: ContainerExtendedResourceRequest[] = [];
  for (const [i, { name: containerName, resources: asked }] of [
    ...(spec.initContainers ?? []),
    ...spec.containers,
  ].entries()) {
    const named = Object.entries(asked?.requests ?? {})
      .filter(([name]) => resources.includes(name))
      .sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [j, [resourceName, amount]] of named.entries()) {
      const count = parseQuantity(amount).value();
      if (count <= 0) continue;
      const name = `container-${i}-request-${j}`;
      const deviceClassName = classOf(resourceName) as string;
      requests.push({ name, exactly: { deviceClassName, allocationMode: "ExactCount", count } });
      requestMappings.push({ containerName, resourceName, requestName: name });
    }
  }
  const claim = {
    kind: "ResourceClaim",
    apiVersion: "resource.k8s.io/v1",
    metadata: { namespace: metadata.namespace, name: "<extended-resources>", uid: `${metadata.uid}-extended` },
    spec: { devices: { requests } },
    status: {},
  } as unknown as ResourceClaim;
  return { claim, requestMappings };
}

export async function createClaim(client: Client, { metadata }: Pod, { claim }: ExtendedClaim): Promise<ResourceClaim> {
  const { namespace, name, uid } = metadata;
  const owner = { apiVersion: "v1", kind: "Pod", name, uid, controller: true, blockOwnerDeletion: true };
  const body: Input<ResourceClaim> = {
    kind: "ResourceClaim",
    apiVersion: "resource.k8s.io/v1",
    metadata: {
      namespace,
      generateName: `${name}-extended-resources-`,
      annotations: { "resource.kubernetes.io/extended-resource-claim": "true" },
      ownerReferences: [owner],
    },
    spec: claim.spec,
  };
  return client.create(resourceclaims, body);
}

/** Gives the claim its devices and the pod, and tells of it in the pod's status. */
export async function bindExtended(
  client: Client,
  pod: Pod,
  created: ResourceClaim,
  { requestMappings }: ExtendedClaim,
  allocation: AllocationResult,
): Promise<ResourceClaim> {
  const written = await bindClaim(client, created, holderFor(pod), allocation);
  const { namespace, name, uid } = pod.metadata;
  const extendedResourceClaimStatus = { resourceClaimName: created.metadata.name, requestMappings };
  const body = { metadata: { uid }, status: { extendedResourceClaimStatus } };
  await client.patch(pods, { namespace, name }, { type: "strategic", body }, { subresource: "status" });
  return written;
}
