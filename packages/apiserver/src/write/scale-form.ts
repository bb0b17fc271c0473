/** How many replicas a resource has, as an autoscaling/v1 Scale. */
import type { ManagedFieldsEntry } from "@kubets/api/apply/managed-fields";
import type { KubeObject, PlainObject } from "@kubets/api/meta";
import type { ScalePaths } from "@kubets/api/resource";
import { internalError } from "@kubets/machinery";

export interface ScaleObject {
  readonly metadata: {
    readonly name?: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly managedFields?: readonly ManagedFieldsEntry[];
  };
  readonly spec?: { readonly replicas?: number };
}

/** Where the object keeps its replicas. */
export const replicasPath = ({ path }: ScalePaths): readonly string[] => path ?? ["spec", "replicas"];

/** `absent` stands for replicas that a custom object does not have; it has no scale without. */
export function scaleOf(paths: ScalePaths, object: KubeObject, absent?: number): PlainObject {
  const replicas = paths.spec(object) ?? absent;
  if (replicas === undefined)
    throw internalError(new Error(`the spec replicas field ".${replicasPath(paths).join(".")}" does not exist`));
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector = paths.selector(object);
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: { name, ...(namespace && { namespace }), uid, resourceVersion, creationTimestamp },
    spec: withoutZero({ replicas }),
    status: { replicas: paths.status(object), ...(selector && { selector }) },
  };
}

const withoutZero = (spec: { replicas: number }) => (spec.replicas === 0 ? {} : spec);
