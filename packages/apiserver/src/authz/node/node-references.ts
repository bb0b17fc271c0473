/**
 * What the pods of each node use: secrets, config maps, claims, accounts. Counted as pods come, change and go, so that the question
 * whether a node may read something is one look-up.
 */
import { pods } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { ServedResources } from "../../served-resource.ts";

const MIRROR = "kubernetes.io/config.mirror";

export class NodeReferences {
  /** By node, then "resource/namespace/name", how many pods use it. */
  readonly #byNode = new Map<string, Map<string, number>>();

  constructor(served: ServedResources) {
    const cache = served.get("", "v1", pods.resource)?.store?.cache;
    if (!cache) throw new Error("pods are not stored by this server");
    for (const { object } of cache.list()) this.#count(object as Pod, 1);
    cache.onChange(({ current, previous }) => {
      const [now, before] = [current?.object as Pod | undefined, previous?.object as Pod | undefined];
      if (now) this.#count(now, 1);
      if (before) this.#count(before, -1);
    });
  }

  uses(node: string, resource: string, namespace: string, name: string): boolean {
    return this.#byNode.get(node)?.has(`${resource}/${namespace}/${name}`) ?? false;
  }

  /** The claims that pods of the node use, as "namespace/name". */
  claimsOf(node: string): string[] {
    const prefix = "persistentvolumeclaims/";
    return [...(this.#byNode.get(node)?.keys() ?? [])].flatMap((key) =>
      key.startsWith(prefix) ? [key.slice(prefix.length)] : [],
    );
  }

  #count(pod: Pod, by: 1 | -1): void {
    const { nodeName } = pod.spec;
    if (!nodeName) return;
    let counts = this.#byNode.get(nodeName);
    if (!counts) this.#byNode.set(nodeName, (counts = new Map()));
    for (const key of referencesOf(pod)) {
      const count = (counts.get(key) ?? 0) + by;
      if (count > 0) counts.set(key, count);
      else counts.delete(key);
    }
    if (counts.size === 0) this.#byNode.delete(nodeName);
  }
}

/** A mirror pod stands for a file on the node and brings no rights. */
function referencesOf({ metadata, spec, status }: Pod): Set<string> {
  const found = new Set<string>();
  const add = (resource: string, name: string | undefined) => {
    if (name) found.add(`${resource}/${metadata.namespace}/${name}`);
  };
  add("pods", metadata.name);
  if (metadata.annotations?.[MIRROR] !== undefined) return found;
  add("serviceaccounts", spec.serviceAccountName);
  for (const { name } of spec.imagePullSecrets ?? []) add("secrets", name);
  for (const container of [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])]) {
    for (const { valueFrom } of container.env ?? []) {
      add("secrets", valueFrom?.secretKeyRef?.name);
      add("configmaps", valueFrom?.configMapKeyRef?.name);
    }
    for (const { secretRef, configMapRef } of container.envFrom ?? []) {
      add("secrets", secretRef?.name);
      add("configmaps", configMapRef?.name);
    }
  }
  for (const volume of spec.volumes ?? []) {
    add("secrets", volume.secret?.secretName);
    add("configmaps", volume.configMap?.name);
    add(
      "persistentvolumeclaims",
      volume.persistentVolumeClaim?.claimName ?? (volume.ephemeral && `${metadata.name}-${volume.name}`),
    );
    add("secrets", secretOfDriver(volume));
    for (const { secret, configMap } of volume.projected?.sources ?? []) {
      add("secrets", secret?.name);
      add("configmaps", configMap?.name);
    }
  }
  for (const claim of spec.resourceClaims ?? [])
    add(
      "resourceclaims",
      claim.resourceClaimName ?? status?.resourceClaimStatuses?.find((it) => it.name === claim.name)?.resourceClaimName,
    );
  return found;
}

type Volume = NonNullable<Pod["spec"]["volumes"]>[number];

const secretOfDriver = (v: Volume): string | undefined =>
  v.csi?.nodePublishSecretRef?.name ??
  v.azureFile?.secretName ??
  v.cephfs?.secretRef?.name ??
  v.rbd?.secretRef?.name ??
  v.flexVolume?.secretRef?.name ??
  v.iscsi?.secretRef?.name ??
  v.scaleIO?.secretRef?.name ??
  v.storageos?.secretRef?.name;
