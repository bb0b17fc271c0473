/** How many replicas a resource has, as an autoscaling/v1 Scale. */
import type { ManagedFieldsEntry } from "@kubets/api/apply/managed-fields";
import type { KubeObject, PlainObject } from "@kubets/api/meta";
import type { ScalePaths } from "@kubets/api/resource";

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

export function scaleOf(paths: ScalePaths, object: KubeObject): PlainObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector = paths.selector(object);
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: { name, ...(namespace && { namespace }), uid, resourceVersion, creationTimestamp },
    spec: withoutZero({ replicas: paths.spec(object) }),
    status: { replicas: paths.status(object), ...(selector && { selector }) },
  };
}

const withoutZero = (spec: { replicas: number }) => (spec.replicas === 0 ? {} : spec);
