/** Objects reduced to their metadata, for clients that need no more. */
import type { KubeObject, PlainObject } from "@kubets/api/meta";

export function partialMetadata({ metadata }: KubeObject, version: string, hidden?: readonly string[]): PlainObject {
  const shown = hidden ? without(metadata, hidden) : metadata;
  return { kind: "PartialObjectMetadata", apiVersion: `meta.k8s.io/${version}`, metadata: shown };
}

function without(metadata: KubeObject["metadata"], hidden: readonly string[]): KubeObject["metadata"] {
  const left = Object.entries(metadata.annotations ?? {}).filter(([key]) => !hidden.includes(key));
  const { annotations: _, ...rest } = metadata;
  return left.length ? { ...rest, annotations: Object.fromEntries(left) } : rest;
}
