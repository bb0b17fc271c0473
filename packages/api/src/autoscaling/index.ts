/** The resources of autoscaling. */
import { horizontalPodAutoscalerV1Resource } from "./horizontal-pod-autoscaler-v1.ts";
import { horizontalPodAutoscalerResource } from "./horizontal-pod-autoscaler-v2.ts";

export const autoscalingResources = [horizontalPodAutoscalerV1Resource, horizontalPodAutoscalerResource];
