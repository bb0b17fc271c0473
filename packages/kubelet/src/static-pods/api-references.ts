/**
 * What a pod names of the API's objects: by the plural of the first of them. A static pod may name none (gate PreventStaticPodAPIReferences): it runs before
 * there is an API, and nobody's rights say what it may see. Pure.
 */
import type { Pod, Volume, VolumeProjection } from "@kubets/api/generated/types/core-v1";
import { podReferences } from "../objects/references.ts";

const PLURALS = { ConfigMap: "configmaps", Secret: "secrets" } as const;

export function apiReference(pod: Pod): string | undefined {
  const { spec } = pod;
  if (spec.serviceAccountName) return "serviceaccounts";
  const [named] = podReferences(pod);
  if (named) return PLURALS[named.kind];
  if (spec.resourceClaims?.length) return "resourceclaims";
  return (spec.volumes ?? []).map(ofVolume).find((plural) => plural !== undefined);
}

function ofVolume({ persistentVolumeClaim, ephemeral, csi, projected }: Volume): string | undefined {
  if (persistentVolumeClaim || ephemeral) return "persistentvolumeclaims";
  if (csi?.nodePublishSecretRef) return "secrets";
  return (projected?.sources ?? []).map(ofSource).find((plural) => plural !== undefined);
}

function ofSource({ serviceAccountToken, clusterTrustBundle, podCertificate }: VolumeProjection): string | undefined {
  if (serviceAccountToken) return "serviceaccounts";
  if (clusterTrustBundle) return "clustertrustbundles";
  return podCertificate && "podcertificaterequests";
}
