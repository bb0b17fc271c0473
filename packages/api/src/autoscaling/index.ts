/** The resources of autoscaling. */
import { horizontalPodAutoscalerResource } from "./horizontal-pod-autoscaler.ts";
import { horizontalPodAutoscalerV1Resource } from "./horizontal-pod-autoscaler-v1.ts";

export const autoscalingResources = [horizontalPodAutoscalerV1Resource, horizontalPodAutoscalerResource];
