/** Objects reduced to their metadata, for clients that need no more. */
import type { KubeObject, PlainObject } from "@kubets/api/meta";
import type { ListMeta } from "./respond.ts";

export function partialMetadata({ metadata }: KubeObject, version: string): PlainObject {
  return { kind: "PartialObjectMetadata", apiVersion: `meta.k8s.io/${version}`, metadata };
}

export function partialMetadataList(objects: readonly KubeObject[], metadata: ListMeta, version: string): PlainObject {
  return {
    kind: "PartialObjectMetadataList",
    apiVersion: `meta.k8s.io/${version}`,
    metadata,
    items: objects.length ? objects.map((object) => partialMetadata(object, version)) : null,
  };
}
