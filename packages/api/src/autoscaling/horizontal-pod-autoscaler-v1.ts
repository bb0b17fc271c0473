/** Autoscalers of autoscaling/v1: the same objects as in v2, seen through fewer fields. What holds of them is said there. */
import { define, keepAllBut } from "../define.ts";
import { horizontalpodautoscalersV1 } from "../generated/refs.ts";
import type { HorizontalPodAutoscaler as V1 } from "../generated/types/autoscaling-v1.ts";
import type { HorizontalPodAutoscaler as V2 } from "../generated/types/autoscaling-v2.ts";
import type { Draft, KubeObject } from "../meta.ts";
import { clearStatus, keepStatus } from "../own-status.ts";
import type { ResourceDefinition } from "../resource.ts";
import { fromV2, toV2 } from "./conversion.ts";
import {
  DEFAULT_CPU_UTILIZATION,
  horizontalPodAutoscalerResource,
  specErrors,
  statusErrors,
} from "./horizontal-pod-autoscaler.ts";
import { CONDITIONS, CURRENT_METRICS, METRICS } from "./round-trip.ts";

const { table } = horizontalPodAutoscalerResource;

export const horizontalPodAutoscalerV1Resource = define(horizontalpodautoscalersV1, {
  shortNames: ["hpa"],
  categories: ["all"],
  hub: {
    resource: () => horizontalPodAutoscalerResource as unknown as ResourceDefinition,
    toHub: (v1) => toV2(v1) as Draft<KubeObject>,
    fromHub: (v2) => fromV2(v2 as V2) as Draft<V1>,
  },
  defaults: ({ metadata, spec }) => {
    spec.minReplicas ??= 1;
    if (metadata.annotations?.[METRICS] === undefined) spec.targetCPUUtilizationPercentage ??= DEFAULT_CPU_UTILIZATION;
  },
  prepareForCreate: (v1) => {
    clearStatus<V1>(v1);
    keepStatusAnnotations(v1, undefined);
  },
  prepareForUpdate: (v1, old) => {
    keepStatus(v1, old);
    keepStatusAnnotations(v1, old);
  },
  validate: (v1, context) => specErrors(toV2(v1), undefined, context),
  validateUpdate: (v1, old, context) => specErrors(toV2(v1), toV2(old), context),
  subresources: {
    status: {
      type: "status",
      part: ["status"],
      prepareForUpdate: keepAllBut("status"),
      validateUpdate: (v1) => statusErrors(toV2(v1)),
    },
  },
  ...(table && { table: { columns: table.columns, cells: (v1: V1, now: number) => table.cells(toV2(v1), now) } }),
});

/** These two annotations are status: only the status subresource changes them. */
function keepStatusAnnotations({ metadata }: Draft<V1>, old: V1 | undefined): void {
  for (const key of [CURRENT_METRICS, CONDITIONS]) {
    const before = old?.metadata.annotations?.[key];
    if (before !== undefined) (metadata.annotations ??= {})[key] = before;
    else if (metadata.annotations) delete metadata.annotations[key];
  }
}
