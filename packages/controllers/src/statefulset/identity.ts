/** Who a StatefulSet's pods are: a name with a number, its claims, and the marks that say so. */
import type { ControllerRevision, StatefulSet } from "@kubets/api/generated/types/apps-v1";
import type { PersistentVolumeClaim, Pod } from "@kubets/api/generated/types/core-v1";
import { podFromTemplate } from "../pods/pod-from-template.ts";
import { templateOf } from "../revisions/history.ts";

export const POD_NAME = "statefulset.kubernetes.io/pod-name";
export const POD_INDEX = "apps.kubernetes.io/pod-index";
const REVISION = "controller-revision-hash";

export const startOf = ({ spec }: StatefulSet): number => spec.ordinals?.start ?? 0;
export const podName = ({ metadata }: StatefulSet, ordinal: number): string => `${metadata.name}-${ordinal}`;
export const claimName = (template: string, { metadata }: StatefulSet, ordinal: number): string =>
  `${template}-${metadata.name}-${ordinal}`;
export const revisionOf = ({ metadata }: Pod): string => metadata.labels?.[REVISION] ?? "";

/** The number at the end of the name; nothing when the name is not one of the set's. */
export function ordinalOf({ metadata }: Pod, set: StatefulSet): number | undefined {
  const match = /^(.*)-(\d+)$/.exec(metadata.name);
  return match && match[1] === set.metadata.name ? Number(match[2]) : undefined;
}

export function newPod(set: StatefulSet, revision: ControllerRevision, ordinal: number) {
  const pod = podFromTemplate(templateOf(revision), set);
  const name = podName(set, ordinal);
  pod.metadata.name = name;
  Object.assign(pod.metadata.labels, {
    [POD_NAME]: name,
    [POD_INDEX]: String(ordinal),
    [REVISION]: revision.metadata.name,
  });
  pod.spec.hostname = name;
  if (set.spec.serviceName) pod.spec.subdomain = set.spec.serviceName;
  const claims = new Map(
    (set.spec.volumeClaimTemplates ?? []).map(({ metadata }) => [
      metadata.name,
      claimName(metadata.name, set, ordinal),
    ]),
  );
  const others = (pod.spec.volumes ?? []).filter((volume) => !claims.has(volume.name));
  const own = [...claims].map(([volume, claim]) => ({
    name: volume,
    persistentVolumeClaim: { claimName: claim, readOnly: false },
  }));
  if (own.length > 0) pod.spec.volumes = [...own, ...others];
  return pod;
}

export function newClaim(set: StatefulSet, template: PersistentVolumeClaim, ordinal: number) {
  const { labels, annotations } = template.metadata;
  const metadata = {
    namespace: set.metadata.namespace,
    name: claimName(template.metadata.name, set, ordinal),
    labels: { ...labels, ...set.spec.selector.matchLabels },
    annotations: { ...annotations },
  };
  return { metadata, spec: template.spec };
}

/** Its name and marks are those of its number. */
export function identityMatches(pod: Pod, set: StatefulSet): boolean {
  const ordinal = ordinalOf(pod, set);
  const { labels = {} } = pod.metadata;
  return ordinal !== undefined && labels[POD_NAME] === pod.metadata.name && labels[POD_INDEX] === String(ordinal);
}
