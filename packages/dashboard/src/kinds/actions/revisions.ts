/** The former revisions of a workload, and what brings it back to one: replica sets of deployments, controller revisions of others. Pure. */
import type { Patch } from "../../server/change.ts";
import type { KubeObject } from "../../server/object.ts";

export interface Revision {
  readonly revision: number;
  readonly cause: string;
  readonly images: readonly string[];
  readonly patch: Patch;
}

interface Template {
  readonly metadata?: { readonly labels?: Readonly<Record<string, string>> };
  readonly spec?: { readonly containers?: readonly { readonly image?: string }[] };
}

interface ReplicaSet extends KubeObject {
  readonly spec?: { readonly template?: Template };
}

interface ControllerRevision extends KubeObject {
  readonly revision?: number;
  readonly data?: { readonly spec?: { readonly template?: Template } };
}

const CAUSE = "kubernetes.io/change-cause";
const REVISION = "deployment.kubernetes.io/revision";
const HASH = "pod-template-hash";
/** Of a deployment these stay as they are; all others are those of the replica set. */
const KEPT = new Set([
  "kubectl.kubernetes.io/last-applied-configuration",
  REVISION,
  "deployment.kubernetes.io/revision-history",
  "deployment.kubernetes.io/desired-replicas",
  "deployment.kubernetes.io/max-replicas",
  "deprecated.deployment.rollback.to",
]);

/** The newest, which is the present one, first. */
export const revisionsOf = (workload: KubeObject, below: readonly KubeObject[]): Revision[] =>
  below
    .filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === workload.metadata.uid))
    .map((each) =>
      workload.kind === "Deployment" ? ofReplicaSet(workload, each as ReplicaSet) : ofControllerRevision(each),
    )
    .toSorted((a, b) => b.revision - a.revision);

function ofReplicaSet(deployment: KubeObject, { metadata, spec }: ReplicaSet): Revision {
  const annotations = metadata.annotations ?? {};
  const { [HASH]: _, ...labels } = spec?.template?.metadata?.labels ?? {};
  const template = { ...spec?.template, metadata: { ...spec?.template?.metadata, labels } };
  const kept = Object.entries(deployment.metadata.annotations ?? {}).filter(([name]) => KEPT.has(name));
  const former = Object.entries(annotations).filter(([name]) => !KEPT.has(name));
  const patch = [
    { op: "replace", path: "/spec/template", value: template },
    { op: "add", path: "/metadata/annotations", value: Object.fromEntries([...kept, ...former]) },
  ];
  return {
    revision: Number(annotations[REVISION] ?? 0),
    cause: annotations[CAUSE] ?? "",
    images: imagesOf(template),
    patch: { type: "json", patch },
  };
}

function ofControllerRevision({ metadata, revision = 0, data }: ControllerRevision): Revision {
  return {
    revision,
    cause: metadata.annotations?.[CAUSE] ?? "",
    images: imagesOf(data?.spec?.template),
    patch: { type: "strategic", patch: data },
  };
}

const imagesOf = (template: Template = {}): string[] =>
  (template.spec?.containers ?? []).map(({ image }) => image ?? "");
