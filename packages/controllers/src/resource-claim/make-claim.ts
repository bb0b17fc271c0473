/** Makes a claim by its template for whoever asks for it, once: one that was made before, but never told of, is taken. */
import { resourceclaims, resourceclaimtemplates } from "@kubets/api/generated/refs";
import type { KubeObject } from "@kubets/api/meta";
import { type ControllerContext, controllerReference, isControlledBy } from "@kubets/client";
import { errorText } from "../error-text.ts";

/** Which kind asks, and the annotation that says which of its claims one was made for. */
export interface Asking {
  readonly what: string;
  readonly annotation: string;
}

export const FOR_POD: Asking = { what: "PodResourceClaim", annotation: "resource.kubernetes.io/pod-claim-name" };
export const FOR_GROUP: Asking = {
  what: "PodGroupResourceClaim",
  annotation: "resource.kubernetes.io/podgroup-claim-name",
};

/** The claim's name. */
export async function makeClaim(
  owner: KubeObject,
  { what, annotation }: Asking,
  wanted: { readonly name: string; readonly resourceClaimTemplateName?: string },
  { cache, client, events }: ControllerContext,
): Promise<string> {
  const { namespace, name } = owner.metadata;
  const made = cache
    .list(resourceclaims, namespace)
    .find((claim) => isControlledBy(claim, owner) && claim.metadata.annotations?.[annotation] === wanted.name);
  if (made) return made.metadata.name;
  try {
    const template = cache.get(resourceclaimtemplates, `${namespace}/${wanted.resourceClaimTemplateName}`);
    if (!template) throw new Error(`resource claim template "${wanted.resourceClaimTemplateName}": not found`);
    const { annotations, labels } = template.spec.metadata ?? {};
    const claim = await client.create(resourceclaims, {
      metadata: {
        namespace,
        generateName: `${name}-${wanted.name}-`,
        annotations: { ...annotations, [annotation]: wanted.name },
        ...(labels && { labels }),
        ownerReferences: [controllerReference(owner)],
      },
      spec: template.spec.spec,
    });
    return claim.metadata.name;
  } catch (error) {
    events
      .as("resource_claim")
      .event(owner, "Warning", "FailedResourceClaimCreation", `${what} ${wanted.name}: ${errorText(error)}`);
    throw error;
  }
}
